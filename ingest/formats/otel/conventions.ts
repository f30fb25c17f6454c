import { firstText } from '../format.ts';
import { eventName, type OtlpItem } from './otlp.ts';
import type { ItemVerdict, OtelVocabulary } from './vocabulary.ts';

export const DETAILS_EVENT = 'gen_ai.client.inference.operation.details';
export const EXCEPTION_EVENT = 'gen_ai.client.operation.exception';

/**
 * Operations that contain a model call, by a word in their name. If they counted as requests, one call would count
 * twice.
 */
const SURROUNDING: readonly (readonly [word: RegExp, verdict: ItemVerdict])[] = [
  [/agent|tool|handoff/, 'agent_or_tool'],
  [/retriev|search|memory/, 'retrieval'],
  [/workflow|task|step|chain|plan|evaluat|guardrail|prompt|thread|(?:create|list)_message/, 'step'],
];

/** A log record without an event name is a request if it has a model and one of these. */
const OUTCOMES = [
  'http.response.status_code',
  'error.type',
  'exception.type',
  'gen_ai.usage.input_tokens',
  'gen_ai.usage.output_tokens',
];

/**
 * The GenAI semantic conventions of OpenTelemetry, old and new names, and the additions of OpenLLMetry. Sources: the
 * registry of the conventions 1.27 to 1.42 (`gen_ai.*`), and `opentelemetry-semantic-conventions-ai` of OpenLLMetry.
 */
export const conventions: OtelVocabulary = {
  judge: (item) => (item.kind === 'span' ? judgeSpan(item) : judgeLog(item)),
  names: {
    provider: ['gen_ai.provider.name', 'gen_ai.system'],
    address: ['server.address', 'gen_ai.openai.api_base', 'url.full', 'http.url', 'net.peer.name'],
    org: ['openai.organization', 'gen_ai.openai.organization'],
    model: ['gen_ai.request.model', 'gen_ai.response.model'],
    endpoint: ['url.path', 'url.full', 'http.url', 'gen_ai.operation.name', 'llm.request.type'],
    method: ['http.request.method', 'http.method'],
    status: ['http.response.status_code', 'http.status_code'],
    request_id: ['gen_ai.response.id'],
    error: ['exception.message', 'error.message'],
    error_type: ['error.type'],
    exception: ['exception.type'],
    latency_s: ['gen_ai.client.operation.duration'],
    ttft_s: ['gen_ai.response.time_to_first_chunk', 'gen_ai.response.time_to_first_token'],
    input_tokens: ['gen_ai.usage.input_tokens', 'gen_ai.usage.prompt_tokens'],
    output_tokens: ['gen_ai.usage.output_tokens', 'gen_ai.usage.completion_tokens'],
    cost_usd: ['gen_ai.usage.cost'],
    retries: ['http.request.resend_count', 'http.resend_count'],
    stream: ['gen_ai.request.stream', 'gen_ai.is_streaming', 'llm.is_streaming'],
  },
  failed: ({ attributes }) => {
    const reasons = attributes.get('gen_ai.response.finish_reasons');
    // Some exporters write a list as its JSON text.
    return Array.isArray(reasons) ? reasons.includes('error') : /^\W*error\W*$/.test(String(reasons));
  },
};

function judgeSpan({ attributes }: OtlpItem): ItemVerdict | null {
  // OpenLLMetry gives the steps around a call the same attributes as the call.
  const step = firstText(attributes.get('traceloop.span.kind'));
  if (step !== undefined) return surrounding(step) ?? 'step';
  const operation = firstText(attributes.get('gen_ai.operation.name'));
  const around = operation === undefined ? null : surrounding(operation);
  if (around !== null) return around;
  const hasModel = attributes.has('gen_ai.request.model') || attributes.has('gen_ai.response.model');
  const hasProvider = attributes.has('gen_ai.system') || attributes.has('gen_ai.provider.name');
  const hasOperation = operation !== undefined || attributes.has('llm.request.type');
  return hasModel || (hasProvider && hasOperation) ? 'request' : null;
}

/** Events with prompts and answers have GenAI attributes too, but are not requests. */
function judgeLog(log: OtlpItem): ItemVerdict | null {
  const { attributes } = log;
  const name = eventName(log);
  const operation = firstText(attributes.get('gen_ai.operation.name'));
  const around = operation === undefined ? null : surrounding(operation);
  if (around !== null) return around;
  if (name === DETAILS_EVENT || name === EXCEPTION_EVENT) return 'request';
  if (name !== undefined && name.startsWith('gen_ai.')) return 'told_elsewhere';
  const hasModel = attributes.has('gen_ai.request.model') || attributes.has('gen_ai.response.model');
  return hasModel && OUTCOMES.some((attribute) => attributes.has(attribute)) ? 'request' : null;
}

function surrounding(operation: string): ItemVerdict | null {
  return SURROUNDING.find(([word]) => word.test(operation))?.[1] ?? null;
}
