import { firstText } from '../format.ts';
import { conventions } from './conventions.ts';
import { bodyText, eventName, type OtlpItem } from './otlp.ts';
import { afterPrefix, joinNames, type ItemVerdict, type OtelVocabulary } from './vocabulary.ts';

const NAME = 'gemini-cli';

/**
 * Log events and spans of Gemini CLI. Source: the telemetry page of its documentation. Gemini CLI also writes events of
 * the semantic conventions, at the start of each request and beside each of its own events. These only repeat what its
 * own events say.
 */
export const geminiCli: OtelVocabulary = {
  judge: (item) => {
    const isOwn = item.scope === NAME || item.resource.get('service.name') === NAME;
    if (item.kind === 'span') return isOwn ? judgeSpan(item) : null;
    const name = nameOf(item);
    if (name === 'api_response' || name === 'api_error') return 'request';
    if (name !== undefined) return 'other';
    return isOwn ? 'told_elsewhere' : null;
  },
  names: joinNames(
    {
      model: ['model', 'model_name'],
      status: ['http.status_code', 'status_code'],
      error: ['error.message', 'error'],
      error_type: ['error.type', 'error_type'],
      latency_ms: ['duration_ms', 'duration'],
      input_tokens: ['input_token_count'],
      output_tokens: ['output_token_count'],
    },
    conventions.names,
  ),
  provider: ({ attributes }) =>
    /vertex/.test(firstText(attributes.get('auth_type')) ?? '') ? 'vertex_ai' : 'gemini',
  failed: (item) => nameOf(item) === 'api_error',
};

/** The name of an own event, without the prefix. Releases before 2026 write `api.` instead of `api_`. */
function nameOf(item: OtlpItem): string | undefined {
  const name = afterPrefix('gemini_cli.', eventName(item), bodyText(item));
  return name?.replace(/^api\./, 'api_');
}

function judgeSpan(span: OtlpItem): ItemVerdict {
  return span.attributes.get('gen_ai.operation.name') === 'llm_call'
    ? 'request'
    : (conventions.judge(span) ?? 'step');
}
