import { firstText } from '../format.ts';
import { conventions } from './conventions.ts';
import { bodyText, eventName, type OtlpItem } from './otlp.ts';
import { afterPrefix, isNo, joinNames, type ItemVerdict, type OtelVocabulary } from './vocabulary.ts';

const PREFIX = 'claude_code.';

/**
 * The verdict for each event and span by its name. `api_retries_exhausted` follows the last `api_error` and repeats it.
 */
const VERDICTS: Readonly<Record<string, ItemVerdict>> = {
  api_request: 'request',
  api_error: 'request',
  llm_request: 'request',
  api_retries_exhausted: 'told_elsewhere',
  api_refusal: 'told_elsewhere',
  api_request_body: 'told_elsewhere',
  api_response_body: 'told_elsewhere',
  interaction: 'step',
  tool: 'agent_or_tool',
  'tool.execution': 'agent_or_tool',
  'tool.blocked_on_user': 'agent_or_tool',
};

/**
 * Log events and beta spans of Claude Code. Source: its page "Monitoring". One `api_error` covers all tries of a
 * request; `attempt` is the number of the last try.
 */
export const claudeCode: OtelVocabulary = {
  judge: (item) => {
    const name = nameOf(item);
    return name === undefined ? null : (VERDICTS[name] ?? 'other');
  },
  names: joinNames(
    {
      model: ['model'],
      org: ['organization.id'],
      status: ['status_code'],
      request_id: ['request_id'],
      error: ['error', 'error_message'],
      latency_ms: ['duration_ms'],
      ttft_ms: ['ttft_ms'],
      input_tokens: ['input_tokens'],
      output_tokens: ['output_tokens'],
      cost_usd: ['cost_usd'],
      attempt: ['attempt', 'gen_ai.request.attempt'],
    },
    conventions.names,
  ),
  provider: () => 'anthropic',
  failed: (item) => nameOf(item) === 'api_error' || isNo(item.attributes.get('success')),
};

/**
 * The name without the prefix. An event has it in an attribute, or with the prefix in its body; a span has it as its
 * name.
 */
function nameOf(item: OtlpItem): string | undefined {
  const { kind, item: raw, resource, scope } = item;
  if (kind === 'span') return afterPrefix(PREFIX, firstText(raw['name']));
  const name = eventName(item);
  const prefixed = afterPrefix(PREFIX, name, bodyText(item));
  if (prefixed !== undefined) return prefixed;
  const isClaude = /claude[-_.]code/.test(`${scope} ${firstText(resource.get('service.name')) ?? ''}`);
  return isClaude ? name : undefined;
}
