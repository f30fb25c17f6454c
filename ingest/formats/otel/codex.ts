import { firstText } from '../format.ts';
import { conventions } from './conventions.ts';
import { bodyText, eventName, type OtlpItem } from './otlp.ts';
import {
  afterPrefix,
  isNo,
  joinNames,
  type Judged,
  type ToldRequest,
  type Verdict,
  type Vocabulary,
} from './vocabulary.ts';

/**
 * Log events of Codex. Source: `codex-rs/otel` of its repository. One event is one try; of a stream it tells only how it began, the rest is
 * told by `codexStream`.
 */
export const codex: Vocabulary = {
  judge: (item) => {
    const name = nameOf(item);
    if (name === undefined || name === 'sse_event') return null;
    if (name === 'api_request') return asksForModels(item) ? 'other' : 'request';
    if (name === 'websocket_request') return 'request';
    // A connection that was made is no request yet; one that was refused is a request that failed.
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

/** What comes in the stream of an answer, by HTTP or WebSocket. Its duration is that since the event before. */
export const codexStream: Vocabulary = {
  ...codex,
  judge: (item) => (nameOf(item) === 'sse_event' ? judgeStreamEvent(item) : null),
  names: { ...codex.names, latency_ms: [] },
};

interface Stream {
  request: ToldRequest;
  state: 'open' | 'completed' | 'failed';
}

/**
 * Puts the end of each stream to the request that began it: the last one of its conversation in this message. So a
 * stream that broke is one request, a failure, and tokens come to the request that used them. A failure whose beginning
 * stood in an earlier message is a request of its own, and what fails again before the next request is the same one.
 * Requests in other vocabularies are left as they are.
 */
export function joinStreams(judged: readonly Judged[]): ToldRequest[] {
  const requests: ToldRequest[] = [];
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
      const request: ToldRequest = { item, vocabulary };
      requests.push(request);
      if (conversation === undefined) continue;
      if (vocabulary === codexStream) streams.set(conversation, { request, state: 'failed' });
      else if (failed || isRefused(item)) streams.delete(conversation);
      else streams.set(conversation, { request, state: 'open' });
    }
  }
  return requests;
}

function judgeStreamEvent(item: OtlpItem): Verdict {
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

/** The list of models is asked for at each start; it is no request to one. */
function asksForModels({ attributes }: OtlpItem): boolean {
  return /\/models\/?(?:[?#]|$)/.test(firstText(attributes.get('endpoint')) ?? '');
}

function nameOf(item: OtlpItem): string | undefined {
  return item.kind === 'log' ? afterPrefix('codex.', eventName(item), bodyText(item)) : undefined;
}
