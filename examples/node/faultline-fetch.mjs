/**
 * Logs every attempt that goes through `fetch`, and so through the OpenAI SDK for JavaScript, in faultline's native
 * format:
 *
 *     import OpenAI from 'openai';
 *     import { loggedFetch, toFile } from './faultline-fetch.mjs';
 *
 *     const openai = new OpenAI({ fetch: loggedFetch({ sink: toFile('requests.ndjson'), fields: { client: 'checkout' } }) });
 *
 * Each attempt is one line, written when its answer has been read to the end: the SDK's own retries are seen, and so
 * are connection errors, timeouts and errors inside a stream. API keys leave the process only as fingerprints, prompts
 * and answers not at all; of a failure the body is logged, because it says what to do.
 */
import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';

// Of a stream only the end is kept: that is where usage and errors stand.
const STREAM_TAIL = 64 * 1024;
const LARGEST_BODY = 1024 * 1024;
const KEPT_HEADERS =
  /^(?:retry-after|x-should-retry|x-ratelimit-|anthropic-ratelimit-|(?:x-|apim-)?request-id$|openai-(?:organization|project)$|x-ms-region$)/i;
const KEY_PREFIX = /^(?:sk-proj-|sk-svcacct-|sk-admin-|sk-ant-|sk-or-|sk-)/;
const PROVIDERS = [
  ['openai.azure.com', 'azure'],
  ['anthropic.com', 'anthropic'],
  ['googleapis.com', 'gemini'],
  ['openai.com', 'openai'],
];

/** A sink that appends one line a request. Several processes may share the file: a line is one write. */
export function toFile(path) {
  return (record) => appendFileSync(path, `${JSON.stringify(record)}\n`, { mode: 0o600 });
}

/** A sink for a connected producer of kafkajs. What Kafka refuses goes to `onError`. */
export function toKafka(producer, topic = 'llm-requests', onError = console.error) {
  return (record) => {
    producer.send({ topic, messages: [{ value: JSON.stringify(record) }] }).catch(onError);
  };
}

/** A `fetch` that logs. `fields` are added to each record, such as `{ client: 'checkout' }`. */
export function loggedFetch({ sink, fields = {}, fetch = globalThis.fetch }) {
  return async (input, init) => {
    const started = performance.now();
    const attempt = describeRequest(input, init, fields);
    const log = (outcome) => {
      // Logging must never fail a request, so what goes wrong here goes nowhere.
      try {
        sink({ ts: new Date().toISOString(), ...attempt, latency_ms: since(started), ...outcome });
      } catch {}
    };
    let response;
    try {
      response = await fetch(input, init);
    } catch (error) {
      log({ status: 0, ...failure(error) });
      throw error;
    }
    return observed(response, started, log);
  };
}

/** The same answer, with an eye on what is read of it. */
function observed(response, started, log) {
  const { status, statusText, headers } = response;
  const isStream = (headers.get('content-type') ?? '').includes('event-stream');
  const kept = Object.fromEntries([...headers].filter(([name]) => KEPT_HEADERS.test(name)));
  const facts = { status, headers: kept };
  if (response.body === null) {
    log(facts);
    return response;
  }
  const decoder = new TextDecoder();
  let text = '';
  let isDone = false;
  const end = (more) => {
    if (isDone) return;
    isDone = true;
    log({ ...facts, ...outcomeOf(status, isStream, text), ...more });
  };
  const reader = response.body.getReader();
  const body = new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) {
          end({});
          return controller.close();
        }
        if (isStream) facts.ttft_ms ??= since(started);
        if (isStream || text.length < LARGEST_BODY) text += decoder.decode(value, { stream: true });
        if (isStream) text = text.slice(-STREAM_TAIL);
        controller.enqueue(value);
      } catch (error) {
        end(failure(error));
        controller.error(error);
      }
    },
    async cancel(reason) {
      end({});
      await reader.cancel(reason);
    },
  });
  const copy = new Response(body, { status, statusText, headers });
  // A response that was made by hand has no address of its own.
  Object.defineProperty(copy, 'url', { value: response.url });
  return copy;
}

function describeRequest(input, init, fields) {
  const request = input instanceof Request ? input : undefined;
  const url = new URL(request?.url ?? String(input));
  const headers = new Headers(init?.headers ?? request?.headers);
  const asked = typeof init?.body === 'string' ? parse(init.body) : {};
  return {
    provider: PROVIDERS.find(([end]) => url.hostname.endsWith(end))?.[1] ?? url.hostname,
    api_key: fingerprint(apiKey(headers)),
    model: asked.model,
    endpoint: url.pathname,
    method: init?.method ?? request?.method ?? 'GET',
    retry_count: Number(headers.get('x-stainless-retry-count') ?? 0),
    stream: asked.stream === true,
    ...fields,
  };
}

function outcomeOf(status, isStream, text) {
  if (status >= 400) return { error: text };
  const events = isStream ? eventsOf(text) : [parse(text)];
  const usage = events.findLast((event) => usageOf(event) !== undefined);
  return { ...(usage && tokensOf(usageOf(usage))), error: events.find(isFailure) };
}

/** `prefix…last4#hash8`: enough to find the key again, not enough to use it. */
export function fingerprint(key) {
  if (key === '') return '';
  const prefix = KEY_PREFIX.exec(key)?.[0] ?? '';
  const tail = key.length - prefix.length >= 12 ? key.slice(-4) : '';
  return `${prefix}…${tail}#${createHash('sha256').update(key).digest('hex').slice(0, 8)}`;
}

function apiKey(headers) {
  const own = headers.get('api-key') ?? headers.get('x-api-key') ?? headers.get('x-goog-api-key');
  return own ?? (headers.get('authorization') ?? '').replace(/^bearer +/i, '');
}

function failure(error) {
  return { exception: error.name, error: [error.message, error.cause?.code].filter(Boolean).join(': ') };
}

function eventsOf(text) {
  return text
    .split('\n')
    .filter((line) => line.startsWith('data:'))
    .map((line) => parse(line.slice(5)));
}

function parse(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

function usageOf(event) {
  return event.response?.usage ?? event.usage ?? undefined;
}

function tokensOf(usage) {
  return {
    input_tokens: usage.prompt_tokens ?? usage.input_tokens,
    output_tokens: usage.completion_tokens ?? usage.output_tokens,
  };
}

function isFailure(event) {
  return ['error', 'response.failed'].includes(event.type) || Boolean(event.error ?? event.response?.error);
}

function since(started) {
  return Math.round((performance.now() - started) * 10) / 10;
}
