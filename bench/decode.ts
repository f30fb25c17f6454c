import { createDecoder } from '../ingest/formats/decode.ts';
import { nativeRecord } from '../domain/request-log.ts';
import { isPlainNative } from '../ingest/formats/native.ts';

// Compares the decode rate with JSON.parse alone, over the same bytes in the same run. Rounds alternate, so that a busy
// machine slows all runs alike; the best round of each run counts.

const RECORDS = 4_000;
const ROUNDS = 100;
const now = Date.parse('2026-06-01T12:00:00Z');
const messages = Array.from({ length: RECORDS }, (_, at) => Buffer.from(JSON.stringify(record(at))));
const bytes = messages.reduce((sum, message) => sum + message.length, 0);
const decode = createDecoder({ format: 'auto', mapping: {} });
// The same requests as a gateway logs them: nested, with other names, numbers as texts and JSON in a text.
const foreign = Array.from({ length: RECORDS }, (_, at) =>
  Buffer.from(JSON.stringify(asGateway(record(at)))),
);
const decodeMapped = createDecoder({
  format: 'mapped',
  mapping: {
    skip: { cache_hit: { '$.cache': 'hit' } },
    ts: ['$.ended_at', '$.started_at'],
    request_id: '$.request.id',
    provider: '$.upstream.name',
    org: '$.upstream.org',
    project: '$.upstream.project',
    api_key: '$.request.key',
    client: '$.consumer.name',
    region: '$.region',
    model: ['$.ai.model', '$.request.model'],
    endpoint: '$.request.path',
    status: '$.response.status',
    latency_ms: { from: '$.timing.total', unit: 's' },
    ttft_ms: { from: '$.timing.first', unit: 's' },
    input_tokens: '$.ai.usage.input',
    output_tokens: '$.ai.usage.output',
    cost_usd: '$.ai.cost',
    stream: '$.request.stream',
    headers: '$.response.headers',
    error: '$.response.body.error',
  },
});

const parsed = messages.map((message): unknown => JSON.parse(message.toString()));
let sink = 0;
const runs = {
  'JSON.parse alone': () => {
    for (const message of messages)
      sink += Object.keys(JSON.parse(message.toString('utf8')) as object).length > 0 ? 1 : 0;
  },
  'decode (auto)': () => {
    for (const message of messages) {
      const decoded = decode(message, now);
      if (decoded.kind !== 'ok') throw new Error(`not decoded: ${JSON.stringify(decoded)}`);
      sink += decoded.records.length;
    }
  },
  'decode (mapped)': () => {
    for (const message of foreign) {
      const decoded = decodeMapped(message, now);
      if (decoded.kind !== 'ok' || decoded.dropped !== undefined)
        throw new Error(`not decoded: ${JSON.stringify(decoded)}`);
      sink += decoded.records.length;
    }
  },
  'the fast check alone': () => {
    for (const value of parsed) sink += isPlainNative(value) ? 1 : 0;
  },
  'the zod schema alone': () => {
    for (const value of parsed) sink += nativeRecord.safeParse(value).success ? 1 : 0;
  },
};

const best = new Map<string, number>();
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, run] of Object.entries(runs)) {
    const start = performance.now();
    run();
    const perRecord = ((performance.now() - start) * 1000) / RECORDS;
    best.set(name, Math.min(best.get(name) ?? Number.POSITIVE_INFINITY, perRecord));
  }
}

const parse = best.get('JSON.parse alone') ?? 0;
console.log(
  `${RECORDS} records of ${Math.round(bytes / RECORDS)} bytes on average, 4 % failures, best of ${ROUNDS} rounds`,
);
for (const [name, time] of best) {
  const rate = Math.round(1e6 / time).toLocaleString('en');
  console.log(
    `${name.padEnd(22)} ${time.toFixed(2)} µs  ${rate.padStart(10)} records/s  ${(time / parse).toFixed(2)} × JSON.parse`,
  );
}
const ratio = (best.get('decode (auto)') ?? 0) / (best.get('decode (mapped)') ?? 1);
console.log(`mapped reads at ${ratio.toFixed(2)} of the rate of native; at least 0.40 is demanded`);
if (sink === 0) console.log('nothing decoded');

/** A plain mix: 96 % successes; the rest are rate limits with headers, server errors and wrong keys. */
function record(at: number): Record<string, unknown> {
  const model = ['gpt-5.2', 'gpt-5-mini', 'gpt-4o', 'text-embedding-3-large'][at % 4];
  const success = {
    ts: new Date(now - (RECORDS - at) * 10).toISOString(),
    request_id: `req_${(at * 2_654_435_761).toString(16).padStart(32, '0').slice(-32)}`,
    provider: 'openai',
    org: 'org-acme',
    project: `proj_${at % 7}`,
    api_key: `sk-proj-${String(at % 20)
      .repeat(40)
      .slice(0, 40)}`,
    client: ['checkout', 'search-api', 'support-bot'][at % 3],
    region: 'eu-central-1',
    model,
    endpoint: '/v1/chat/completions',
    method: 'POST',
    status: 200,
    latency_ms: 400 + (at % 1000),
    ttft_ms: 120 + (at % 100),
    input_tokens: 900 + (at % 500),
    output_tokens: 200 + (at % 50),
    cost_usd: 0.0042,
    retry_count: 0,
    stream: at % 2 === 0,
    error: null,
  };
  const failure = at % 75;
  if (failure === 1) {
    const message = `Rate limit reached for ${model} in organization org-acme on tokens per min (TPM): Limit 30000, Used 29500, Requested 1200. Please try again in 1.4s.`;
    return {
      ...success,
      status: 429,
      headers: {
        'x-ratelimit-limit-tokens': '30000',
        'x-ratelimit-remaining-tokens': '500',
        'retry-after': '2',
        date: 'x',
      },
      error: { message, type: 'tokens', param: null, code: 'rate_limit_exceeded' },
    };
  }
  if (failure === 2)
    return { ...success, status: 500, error: 'The server had an error while processing your request' };
  if (failure === 3) {
    const message =
      'Incorrect API key provided: sk-proj-abcd************wxyz. You can find your API key at https://platform.openai.com/account/api-keys.';
    return {
      ...success,
      status: 401,
      error: { message, type: 'invalid_request_error', param: null, code: 'invalid_api_key' },
    };
  }
  return success;
}

/** The same request in the form of a gateway's log. */
function asGateway(native: Record<string, unknown>): Record<string, unknown> {
  const { ts, error } = native;
  return {
    ended_at: ts,
    cache: 'miss',
    region: native['region'],
    consumer: { name: native['client'] },
    upstream: { name: native['provider'], org: native['org'], project: native['project'] },
    request: {
      id: native['request_id'],
      key: native['api_key'],
      model: native['model'],
      path: native['endpoint'],
      stream: String(native['stream']),
    },
    response: {
      status: String(native['status']),
      headers: native['headers'] ?? '-',
      body: error === null ? '-' : JSON.stringify({ error }),
    },
    timing: { total: Number(native['latency_ms']) / 1000, first: Number(native['ttft_ms']) / 1000 },
    ai: {
      usage: { input: native['input_tokens'], output: native['output_tokens'] },
      cost: String(native['cost_usd']),
    },
  };
}
