import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { rm } from 'node:fs/promises';

/**
 * The plan of a program in which ClickHouse's own Kafka engine, embedded, reads a topic through a classifying view into
 * counts.
 */
export interface EnginePlan {
  brokers: string[];
  topic: string;
  group: string;
  records: number;
  path: string;
  consumers: number;
}

/** From the assignment of the partitions to the moment when all rows are counted. */
export interface EngineResult {
  seconds: number;
  cpu_seconds: number;
}

const plan: EnginePlan = JSON.parse(process.argv[2] ?? '{}');
const { Session } = createRequire(import.meta.url)('chdb') as typeof import('chdb');
const session = new Session(plan.path);
const dimensions = 'provider, org, project, api_key, client, region, model, endpoint, class, status';

async function rows(sql: string): Promise<string> {
  const answer = await session.queryAsync(sql, { format: 'TabSeparated' });
  return Buffer.from(answer.bytes()).toString().trim();
}

await rows('CREATE DATABASE bench');
await rows(`CREATE TABLE bench.counts (
  ts DateTime('UTC'), provider LowCardinality(String), org LowCardinality(String), project LowCardinality(String),
  api_key LowCardinality(String), client LowCardinality(String), region LowCardinality(String), model LowCardinality(String),
  endpoint LowCardinality(String), class LowCardinality(String), status UInt16,
  requests UInt64, retries UInt64, input_tokens UInt64, output_tokens UInt64, cost_usd Float64, latency_ms_sum Float64
) ENGINE = SummingMergeTree ORDER BY (ts, ${dimensions})`);
await rows(`CREATE TABLE bench.queue (
  ts String, provider String, org String, project String, api_key String, client String, region String, model String,
  endpoint String, status UInt16, latency_ms Float64, input_tokens UInt64, output_tokens UInt64, cost_usd Float64,
  retry_count UInt16, error String, exception String
) ENGINE = Kafka SETTINGS kafka_broker_list = '${plan.brokers.join(',')}', kafka_topic_list = '${plan.topic}',
  kafka_group_name = '${plan.group}', kafka_format = 'JSONEachRow', kafka_num_consumers = ${plan.consumers},
  kafka_thread_per_consumer = ${plan.consumers > 1 ? 1 : 0}, kafka_flush_interval_ms = 1000, kafka_max_block_size = 65536`);
// This view does less than the worker: it has far fewer rules, and no redaction, fingerprints, error events, ledger or
// rollups.
await rows(`CREATE MATERIALIZED VIEW bench.view TO bench.counts AS
  SELECT toStartOfInterval(parseDateTime64BestEffort(ts, 3, 'UTC'), INTERVAL 10 SECOND) AS ts, provider, org, project, api_key, client,
    region, model, endpoint,
    multiIf(status BETWEEN 200 AND 399 AND error = '', 'ok',
      status = 401 AND position(error, 'invalid_api_key') > 0, 'incorrect_api_key',
      status = 401 AND position(error, 'must be a member') > 0, 'not_org_member',
      status = 401 AND position(error, 'IP not authorized') > 0, 'ip_not_authorized',
      status = 401, 'invalid_authentication',
      status = 403 AND position(error, 'unsupported_country') > 0, 'unsupported_region',
      status = 403, 'permission_denied',
      status = 429 AND position(error, 'insufficient_quota') > 0, 'quota_exceeded',
      status = 429, 'rate_limit',
      status = 503 AND position(error, 'Slow Down') > 0, 'slow_down',
      status = 503, 'engine_overloaded',
      status = 400, 'bad_request', status = 404, 'not_found', status = 409, 'conflict', status = 422, 'unprocessable',
      status >= 500, 'server_error',
      positionCaseInsensitive(exception, 'timeout') > 0, 'timeout',
      exception != '', 'connection', 'other') AS class,
    status, count() AS requests, countIf(retry_count > 0) AS retries, sum(input_tokens) AS input_tokens,
    sum(output_tokens) AS output_tokens, sum(cost_usd) AS cost_usd, sum(latency_ms) AS latency_ms_sum
  FROM bench.queue GROUP BY ts, ${dimensions}`);

const deadline = performance.now() + 300_000;
const until = async (ask: () => Promise<boolean>, everyMs: number): Promise<void> => {
  while (!(await ask())) {
    if (performance.now() > deadline)
      throw new Error(`the Kafka engine has not read all in 300 s: ${await state()}`);
    await sleep(everyMs);
  }
};
const state = (): Promise<string> =>
  rows(
    `SELECT (SELECT sum(requests) FROM bench.counts), assignments.topic, num_messages_read, exceptions.text FROM system.kafka_consumers`,
  );

await until(
  async () => Number(await rows('SELECT sum(length(assignments.topic)) FROM system.kafka_consumers')) > 0,
  20,
);
const began = performance.now();
const used = process.cpuUsage();
await until(async () => Number(await rows('SELECT sum(requests) FROM bench.counts')) >= plan.records, 200);
const cpu = process.cpuUsage(used);
const result: EngineResult = {
  seconds: (performance.now() - began) / 1_000,
  cpu_seconds: (cpu.user + cpu.system) / 1e6,
};
const total = Number(await rows('SELECT sum(requests) FROM bench.counts'));
if (total !== plan.records) throw new Error(`the Kafka engine counted ${total} of ${plan.records} records`);
await rows('DROP TABLE bench.view');
await rows('DROP TABLE bench.queue');
session.close();
await rm(plan.path, { recursive: true, force: true });
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
