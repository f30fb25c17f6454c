import type { Generation } from '../../../domain/classification.ts';
import { hintBits } from './compile-rules.ts';
import type { Decision } from '../rules/decision.ts';
import { type Evidence, statusOf } from './decide.ts';

const neighbours = hintBits(['google', 'gemini', 'anthropic', 'azure', 'openrouter', 'neighbour']);
const openai = hintBits(['openai']);
const form2023 = hintBits(['limit_2023']);
const form2024 = hintBits(['limit_2024', 'too_large']);

const generationOfRule: Readonly<Record<string, Generation>> = {
  'code.credit_balance_exhausted': '2026',
  'code.organization_spend_limit_exceeded': '2026',
  'code.project_spend_limit_exceeded': '2026',
  'code.organization_usage_limit_exceeded': '2026',
  'type.service_unavailable_error': '2026',
  'code.websocket_connection_limit_reached': '2026',
  'code.ip_not_authorized': '2025',
  'text.ip_not_authorized': '2025',
};

/**
 * The generation (year) of OpenAI's error format that the error has; `neighbour` for another provider. Empty when the
 * generation is not known, or when there is no error (null evidence).
 */
export function generationOf(decision: Decision, evidence: Evidence | null, provider: string): Generation {
  if (evidence === null) return '';
  const { hints } = evidence;
  const { class: name, rule } = decision;
  if (provider !== '' && provider !== 'openai') return 'neighbour';
  if ((hints & neighbours) !== 0 && (hints & openai) === 0) return 'neighbour';
  const known = generationOfRule[rule];
  if (known !== undefined) return known;
  if (name === 'slow_down') return statusOf(evidence) === 503 ? '2025' : '2026';
  if (name === 'engine_overloaded') {
    if (rule === 'code.capacity') return '2026';
    return statusOf(evidence) === 429 ? '2023' : '';
  }
  if (name === 'incorrect_api_key' || name === 'not_org_member')
    return statusOf(evidence) === 404 ? '2022' : '';
  if (name !== 'rate_limit') return '';
  if ((hints & form2023) !== 0) return '2023';
  return (hints & form2024) !== 0 ? '2024' : '';
}
