import { firstText } from '../format.ts';
import { conventions } from './conventions.ts';
import { bodyText, eventName, type OtlpItem } from './otlp.ts';
import {
  afterPrefix,
  isNo,
  joinNames,
  type JudgedItem,
  type OtelRequest,
  type ItemVerdict,
  type OtelVocabulary,
} from './vocabulary.ts';

/**
 * Log events of Codex. Source: `codex-rs/otel` of its repository. One event is one try. The event reports only the
 * start of a stream; `codexStream` reads the rest.
 */
export const codex: OtelVocabulary = {
  judge: (item) => {
    const name = nameOf(item);
    if (name === undefined || name === 'sse_event') return null;
    if (name === 'api_request') return asksForModels(item) ? 'other' : 'request';
    if (name === 'websocket_request') return 'request';
    // An established connection is not a request yet; a refused connection is a request that failed.
    return name === 'websocket_connect' && hasFailed(item) ? 'request' : 'other';
  },
  names: joinNames(
    {
      model: ['model', 'slug'],
      endpoint: ['endpoint'],
      request_id: ['auth.request_id'],
      error: ['error.message'],
      latency_ms: ['duration_ms'],
      ttft_ms: ['ttft_ms'],
      input_tokens: ['input_token_count'],
      output_tokens: ['output_token_count'],
      attempt: ['attempt'],
    },
    conventions.names,
  ),
  provider: () => 'openai',
  failed: hasFailed,
};

/** Events in the stream of an answer, over HTTP or WebSocket. Their duration is the time since the previous event. */
export const codexStream: OtelVocabulary = {
  ...codex,
  judge: (item) => (nameOf(item) === 'sse_event' ? judgeStreamEvent(item) : null),
  names: { ...codex.names, latency_ms: [] },
};

interface Stream {
  request: OtelRequest;
  state: 'open' | 'completed' | 'failed';
}

/**
 * Joins the end of each stream to the request that started the stream: the last request of the same conversation in
 * this message. So a broken stream counts as one failed request, and tokens count for the request that used them. If
 * the start was in an earlier message, the failure counts as a request, and further failures before the next request
 * belong to it. Requests in other vocabularies stay unchanged.
 */
export function joinStreams(judged: readonly JudgedItem[]): OtelRequest[] {
  const requests: OtelRequest[] = [];
  const streams = new Map<unknown, Stream>();
  for (const { item, vocabulary, verdict } of judged) {
    const conversation =
      vocabulary === codex || vocabulary === codexStream ? conversationOf(item) : undefined;
    const stream = conversation === undefined ? undefined : streams.get(conversation);
    const failed = hasFailed(item);
    if (vocabulary === codexStream && stream !== undefined && stream.state !== 'completed') {
      if (verdict === 'other' || stream.state === 'failed') continue;
      stream.request.end = item;
      stream.state = failed ? 'failed' : 'completed';
    } else if (verdict === 'request') {
      const request: OtelRequest = { item, vocabulary };
      requests.push(request);
      if (conversation === undefined) continue;
      if (vocabulary === codexStream) streams.set(conversation, { request, state: 'failed' });
      else if (failed || isRefused(item)) streams.delete(conversation);
      else streams.set(conversation, { request, state: 'open' });
    }
  }
  return requests;
}

function judgeStreamEvent(item: OtlpItem): ItemVerdict {
  if (hasFailed(item)) return 'request';
  return item.attributes.get('event.kind') === 'response.completed' ? 'told_elsewhere' : 'other';
}

function hasFailed({ attributes }: OtlpItem): boolean {
  return (
    firstText(attributes.get('error.message')) !== undefined ||
    attributes.get('event.kind') === 'response.failed' ||
    isNo(attributes.get('success'))
  );
}

function isRefused({ attributes }: OtlpItem): boolean {
  return Number(attributes.get('http.response.status_code') ?? 0) >= 400;
}

function conversationOf({ attributes }: OtlpItem): string | undefined {
  return firstText(attributes.get('conversation.id'));
}

/** Whether Codex asks for the list of models, as at each start. This is not a request to a model. */
function asksForModels({ attributes }: OtlpItem): boolean {
  return /\/models\/?(?:[?#]|$)/.test(firstText(attributes.get('endpoint')) ?? '');
}

function nameOf(item: OtlpItem): string | undefined {
  return item.kind === 'log' ? afterPrefix('codex.', eventName(item), bodyText(item)) : undefined;
}
