import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClickHouseProcess, startClickHouse } from '../fixtures/clickhouse-process.ts';
import { withPipeline } from '../fixtures/pipeline.ts';
import { describeWithKafka } from '../kafka/describe-with-kafka.ts';

/** A successful record in the native format; `members` replace its members. */
const record = (members: Record<string, unknown> = {}): string =>
  JSON.stringify({ ts: new Date().toISOString(), status: 200, model: 'm', client: 'c', ...members });

const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

/** Records that are no requests, each with the expected reason. */
const poison: readonly { name: string; value: string | Buffer; reason: string }[] = [
  { name: 'broken JSON', value: '{"ts": "2026-', reason: 'not_json' },
  { name: 'nothing but control characters', value: '\u0000\u0001\u0002\t\n', reason: 'not_json' },
  { name: 'raw control characters in a text', value: '{"ts":"\u0001","status":200}', reason: 'not_json' },
  { name: 'invalid UTF-8', value: Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]), reason: 'not_utf8' },
  { name: 'two mebibytes', value: record({ error: 'x'.repeat(2 * 1024 * 1024) }), reason: 'too_large' },
  { name: 'a hundred thousand levels', value: nested(100_000), reason: 'too_deep' },
  { name: 'seventy levels', value: record({ error: JSON.parse(nested(70)) }), reason: 'too_deep' },
  { name: 'a status of the wrong type', value: record({ status: 'two hundred' }), reason: 'schema' },
  { name: 'a huge status', value: record({ status: 1e300 }), reason: 'schema' },
  { name: 'a date in 1970', value: record({ ts: '1970-01-01T00:00:01Z' }), reason: 'bad_timestamp' },
  { name: 'a date in 2100', value: record({ ts: '2100-01-01T00:00:00Z' }), reason: 'future_timestamp' },
  { name: 'a date that is none', value: record({ ts: 'yesterday' }), reason: 'bad_timestamp' },
  { name: 'a number', value: '42', reason: 'unknown_format' },
  { name: 'null', value: 'null', reason: 'unknown_format' },
  { name: 'an object of nothing we know', value: '{"hello":"world"}', reason: 'unknown_format' },
  { name: 'a prototype alone', value: '{"__proto__":{"ts":1,"status":200}}', reason: 'unknown_format' },
];

/** Records that look dangerous but are requests. */
const harmless: readonly { name: string; value: string; class: string }[] = [
  { name: 'a __proto__ key', value: record().replace('{', '{"__proto__":{"status":500},'), class: 'ok' },
  { name: 'a constructor key', value: record({ constructor: { prototype: 1 } }), class: 'ok' },
  {
    name: 'a number beyond all numbers',
    value: record().replace('"m"', '"m","latency_ms":1e999'),
    class: 'ok',
  },
  { name: 'a negative count', value: record({ input_tokens: -1 }), class: 'ok' },
  { name: 'more tokens than a request can use', value: record({ input_tokens: 1e15 }), class: 'ok' },
  { name: 'a huge retry count', value: record({ retry_count: 70_000 }), class: 'ok' },
  {
    name: 'huge counts',
    value: record({ input_tokens: 1e9, output_tokens: 1e9, cost_usd: 1e6, latency_ms: 1e9 }),
    class: 'ok',
  },
  {
    name: 'escaped control characters',
    value: record({ client: 'a\u0000b\tc\nd\\', model: '\u001b[31m\u202e' }),
    class: 'ok',
  },
  {
    name: 'control characters in an error',
    value: record({ status: 500, error: '\u0000\t\n\\N\r' }),
    class: 'server_error',
  },
  { name: 'a lone surrogate', value: record({ client: '\ud800' }), class: 'ok' },
  { name: 'an empty client', value: record({ client: '' }), class: 'ok' },
];

await describeWithKafka('poison', (kafka) => {
  let clickhouse: ClickHouseProcess;
  beforeAll(async () => {
    clickhouse = await startClickHouse();
  });
  afterAll(() => clickhouse.stop());

  describe.concurrent('among good records', () => {
    it('is dead-lettered once with its reason, and its neighbours are counted', async () => {
      const parts = {
        brokers: kafka.brokers,
        clickhouse,
        topicConfig: { 'max.message.bytes': String(8 * 1024 * 1024) },
      };
      await withPipeline(parts, async (pipeline) => {
        const lines: (string | Buffer | null)[] = [];
        const alsoCounted: Record<string, number> = {};
        const dead: Record<string, number> = {};
        for (const { value, reason } of poison) {
          dead[reason] = (dead[reason] ?? 0) + 1;
          lines.push(record(), value, record(), null);
        }
        for (const { value, class: name } of harmless) {
          alsoCounted[name] = (alsoCounted[name] ?? 0) + 1;
          lines.push(value, Buffer.alloc(0));
        }
        alsoCounted['ok'] = (alsoCounted['ok'] ?? 0) + 2 * poison.length;
        await pipeline.produce(500);
        await pipeline.produceRaw(lines);
        await pipeline.produce(500);
        const worker = pipeline.startWorker({ crash: { at: 'between-inserts', time: 2, signal: 'SIGKILL' } });
        await worker.said(/^SIGKILL/);
        await worker.ended;
        pipeline.startWorker();
        await pipeline.waitUntilCounted();
        await pipeline.expectExact({ dead, alsoCounted });

        const byOffset = await pipeline.store.query<{ offset: number; reason: string }>(
          'SELECT offset, reason FROM dead_letters ORDER BY offset',
        );
        expect(byOffset).toEqual(poison.map(({ reason }, i) => ({ offset: 500 + 4 * i + 1, reason })));
        const listed = await pipeline.run(['dead-letters', 'list', '--json']);
        expect(listed.code).toBe(0);
        expect(listed.stdout.trim().split('\n')).toHaveLength(poison.length);
      });
    });

    it('that only the store refuses is found by halving, and the rest of its batch is counted', async () => {
      await withPipeline({ brokers: kafka.brokers, clickhouse }, async (pipeline) => {
        const first = pipeline.startWorker();
        await first.said(/^running/);
        await pipeline.stopWorkers();
        await pipeline.store.command("ALTER TABLE error_events ADD CONSTRAINT c CHECK client != 'refuse-me'");
        const refused = record({ status: 500, error: 'x', client: 'refuse-me' });
        const accepted = record({ status: 500, error: 'x', client: 'a' });
        await pipeline.produce(500);
        await pipeline.produceRaw([accepted, refused, accepted, accepted, refused]);
        await pipeline.produce(500);
        pipeline.startWorker();
        await pipeline.waitUntilCounted();
        await pipeline.expectExact({ dead: { refused_by_store: 2 }, alsoCounted: { server_error: 3 } });
        const offsets = await pipeline.store.query<{ offset: number }>(
          'SELECT offset FROM dead_letters ORDER BY offset',
        );
        expect(offsets).toEqual([{ offset: 501 }, { offset: 504 }]);
      });
    });

    it('that a mapping makes readable is counted once by replay, however often that is run', async () => {
      const directory = await mkdtemp(path.join(tmpdir(), 'faultline-test-'));
      const config = path.join(directory, 'faultline.yaml');
      await writeFile(config, 'format: mapped\nmapping:\n  ts: $.when\n  status: $.result.code\n');
      try {
        await withPipeline({ brokers: kafka.brokers, clickhouse }, async (pipeline) => {
          const own = (code: number): string =>
            JSON.stringify({ when: new Date().toISOString(), result: { code } });
          await pipeline.produceRaw([own(200), '{"hello":"world"}', own(200), own(500), 'no json']);
          await pipeline.produce(200);
          pipeline.startWorker();
          await pipeline.waitUntilCounted();
          const dead = { unknown_format: 4, not_json: 1 };
          await pipeline.expectExact({ dead });
          const replay = async (): Promise<unknown> => {
            const { stdout, stderr } = await pipeline.run([
              'dead-letters',
              'replay',
              '--json',
              '--config',
              config,
            ]);
            expect(stderr).toBe('');
            return JSON.parse(stdout);
          };
          const alsoCounted = { ok: 2, server_error: 1 };
          const input = (read: number, requests: number): object => ({
            read,
            requests,
            skipped: {},
            dropped: {},
            folded: {},
            answers_429: { answers: 0, bare: 0 },
            answers_503: { answers: 0, bare: 0 },
            dead: expect.arrayContaining([
              expect.objectContaining({ reason: 'mapping', count: 1 }),
              expect.objectContaining({ reason: 'not_json', count: 1 }),
            ]),
          });
          const rest = { dry_run: false, rejected: 2, cut: 0, in_doubt: 0 };
          expect(await replay()).toEqual({ ...rest, counted: 3, input: input(5, 3) });
          await pipeline.expectExact({ dead, alsoCounted, replayed: 3 });
          expect(await replay()).toEqual({ ...rest, counted: 0, input: input(2, 0) });
          await pipeline.expectExact({ dead, alsoCounted, replayed: 3 });
        });
      } finally {
        await rm(directory, { recursive: true, force: true });
      }
    });
  });
});
