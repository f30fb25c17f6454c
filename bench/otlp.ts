import { createDecoder } from '../ingest/formats/decode.ts';
import { type Resource, type Span, spansInJson, spansInProtobuf } from '../tests/fixtures/otlp-writer.ts';

// Compares the decode rate of OTLP in JSON and in protobuf: the same spans of a usual size, one in twenty of which
// failed. Rounds alternate; the best round of each format counts.

const SPANS = 1_000;
const ROUNDS = 60;
const now = Date.parse('2026-06-01T12:00:00Z');
const decode = createDecoder({ format: 'auto', mapping: {} });
const data: Resource<Span>[] = [
  {
    attributes: { 'service.name': 'checkout' },
    scopes: [{ name: 'bench', items: Array.from({ length: SPANS }, span) }],
  },
];
const json = Buffer.from(JSON.stringify(spansInJson(data)));
const messages = { json, protobuf: spansInProtobuf(data) };

const best = new Map<string, number>();
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, message] of Object.entries(messages)) measure(name, () => decode(message, now));
  measure('JSON.parse alone', () => JSON.parse(json.toString('utf8')) as unknown);
}
for (const [name, time] of best) {
  const size = name in messages ? messages[name as keyof typeof messages].length : json.length;
  const rate = Math.round(1e6 / time).toLocaleString('en');
  console.log(
    `${name.padEnd(16)} ${time.toFixed(2)} µs a span  ${rate.padStart(9)} spans/s  ${Math.round(size / SPANS)} bytes a span`,
  );
}

function measure(name: string, run: () => unknown): void {
  const start = performance.now();
  run();
  const perSpan = ((performance.now() - start) * 1000) / SPANS;
  best.set(name, Math.min(best.get(name) ?? Number.POSITIVE_INFINITY, perSpan));
}

function span(_value: unknown, at: number): Span {
  const failed = at % 20 === 0;
  const end = BigInt(now - at) * 1_000_000n;
  const message =
    "Error code: 429 - {'error': {'message': 'Rate limit reached', 'code': 'rate_limit_exceeded'}}";
  return {
    traceId: at.toString(16).padStart(32, 'a'),
    spanId: at.toString(16).padStart(16, 'b'),
    parentSpanId: 'c'.repeat(16),
    name: 'chat gpt-5-mini',
    start: end - 800_000_000n,
    end,
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-5-mini',
      'gen_ai.request.temperature': 0.2,
      'gen_ai.response.model': 'gpt-5-mini-2026-02-11',
      'gen_ai.response.id': `chatcmpl-${at}`,
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.usage.input_tokens': 812n,
      'gen_ai.usage.output_tokens': 96n,
      'server.address': 'api.openai.com',
      'server.port': 443n,
    },
    status: failed ? { code: 2, message } : { code: 0, message: '' },
    events: failed
      ? [
          {
            name: 'exception',
            attributes: { 'exception.type': 'openai.RateLimitError', 'exception.message': message },
          },
        ]
      : [],
  };
}
