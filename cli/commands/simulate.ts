import { writeFile } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { generate } from '../../simulate/generate.ts';
import { pace } from '../../simulate/pace.ts';
import { type SimulatedRecord, toLine } from '../../simulate/record.ts';
import type { Scenario } from '../../simulate/scenario.ts';
import { findScenario, scenarios } from '../../simulate/scenarios.ts';
import { createTally, type TrueCounts, trueIncidents } from '../../simulate/truth.ts';
import type { CommandContext } from '../context.ts';
import { suggestion } from '../did-you-mean.ts';
import { UserError } from '../errors.ts';
import { quietKafkaLog } from '../telemetry/log-events.ts';
import { openPipe } from '../pipe.ts';
import { parseWhen } from '../options/when.ts';

export interface SimulateOptions {
  /** Name of a scenario; the default is `demo-day`. */
  scenario?: string;
  seed?: number | string;
  /** Mean requests per second of event time; the default is the scenario's own. */
  rate?: number;
  /** Start of historical traffic; see `parseWhen`. */
  since?: string;
  until?: string;
  /** The command ends after this number of records. */
  count?: number;
  /** How many times as fast as real time historical traffic is written; by default as fast as possible. */
  speed?: number;
  /** Traffic from now on, in real time, until Ctrl-C or `count`. */
  live?: boolean;
  /** `-` for standard output, or `kafka`. */
  to?: string;
  /** File for the true counts and incidents, as JSON. */
  truth?: string;
}

/** One Kafka message. */
export interface SimulatedMessage {
  key: string;
  value: string;
}

/** What the command gets from outside: a part of a `CommandContext`, and `send`. */
export interface SimulateIo {
  stdout: Writable;
  now: () => number;
  signal: AbortSignal;
  err: (line: string) => void;
  /** Sends messages to Kafka, and resolves when Kafka has acknowledged all; null without Kafka. */
  send: ((messages: readonly SimulatedMessage[]) => Promise<void>) | null;
}

interface SimulatePlan {
  scenario: Scenario;
  seed: number | string;
  from: number;
  to: number;
  rate: number;
  /** How many times as fast as real time; null: as fast as possible. */
  speed: number | null;
  count: number;
}

const DAY_MS = 86_400_000;
const BATCH = 1_000;
const PROGRESS_MS = 2_000;

/** Runs the command; opens Kafka only when it is needed. Exit code 0, also after Ctrl-C. */
export async function run(options: SimulateOptions, context: CommandContext): Promise<number> {
  const { stdout, signal, settings } = context;
  const io = { stdout, signal, now: () => context.now(), err: (line: string) => context.err(line) };
  if (options.to !== 'kafka') return await simulateCommand(options, { ...io, send: null });
  const topic = settings.kafka.topics[0];
  if (topic === undefined) throw new UserError('kafka.topics is empty: name the topic to send to');
  planSimulation(options, context.now());
  const { openProducer } = await import('../../ingest/sources/kafka.ts');
  const producer = await openProducer(settings.kafka, quietKafkaLog(context.logger));
  try {
    return await simulateCommand(options, { ...io, send: (messages) => producer.send(topic, [...messages]) });
  } finally {
    await producer.close();
  }
}

/** Writes the scenario's records to standard output or Kafka, and the true counts and incidents to stderr. */
export async function simulateCommand(options: SimulateOptions, io: SimulateIo): Promise<number> {
  const plan = planSimulation(options, io.now());
  const tally = createTally();
  const sink = openSink(options.to ?? '-', io);
  let last_ts = plan.from;
  let nextProgress = io.now() + PROGRESS_MS;
  try {
    for await (const batch of batches(plan, io, sink.isOpen)) {
      const wanted = batch.slice(0, plan.count - tally.total());
      await sink.write(wanted);
      for (const record of wanted) tally.add(record);
      last_ts = wanted.at(-1)?.ts ?? last_ts;
      if (io.now() >= nextProgress) {
        io.err(`simulate: ${tally.total()} records, up to ${iso(last_ts)}`);
        nextProgress = io.now() + PROGRESS_MS;
      }
      if (tally.total() >= plan.count || !sink.isOpen()) break;
    }
  } finally {
    sink.close();
  }
  const truth = describeTruth(plan, tally, last_ts);
  if (options.truth !== undefined) await writeTruth(options.truth, truth);
  io.err(summary(plan, tally, truth.incidents.length));
  return 0;
}

/** The checked options with their defaults; throws `UserError` naming the flag. */
export function planSimulation(options: SimulateOptions, now: number): SimulatePlan {
  const name = options.scenario ?? 'demo-day';
  const scenario = findScenario(name);
  if (scenario === null) {
    const names = scenarios.map((each) => each.name);
    throw new UserError(`--scenario is ${JSON.stringify(name)}: no such scenario${suggestion(name, names)}`);
  }
  const rate = options.rate ?? scenario.requests_per_second;
  const common = {
    scenario,
    seed: options.seed ?? 1,
    rate,
    count: options.count ?? Number.POSITIVE_INFINITY,
  };
  if (options.live === true) {
    for (const flag of ['since', 'until', 'speed'] as const) {
      if (options[flag] !== undefined)
        throw new UserError(`--live and --${flag} exclude each other: leave one out`);
    }
    return { ...common, from: now, to: Number.POSITIVE_INFINITY, speed: 1 };
  }
  const from =
    options.since === undefined ? usualStart(scenario, now) : parseWhen(options.since, '--since', now);
  const end = options.count === undefined ? from + scenario.duration_ms : Number.POSITIVE_INFINITY;
  const to = options.until === undefined ? end : parseWhen(options.until, '--until', now);
  if (to <= from) throw new UserError('--until is not after --since: give a later end');
  return { ...common, from, to, speed: options.speed ?? null };
}

/**
 * The default start. Traffic that follows the time of day starts yesterday at midnight UTC; other traffic starts at a
 * whole minute and ends about now.
 */
function usualStart(scenario: Scenario, now: number): number {
  if (scenario.diurnal) return now - (now % DAY_MS) - DAY_MS;
  const start = now - scenario.duration_ms;
  return start - (start % 60_000);
}

async function* batches(
  plan: SimulatePlan,
  io: SimulateIo,
  isOpen: () => boolean,
): AsyncGenerator<SimulatedRecord[]> {
  const { scenario, seed, from, to, rate, speed } = plan;
  const records = generate(scenario, { seed, from, to, rate });
  const stopped = () => io.signal.aborted || !isOpen();
  if (speed !== null) {
    yield* pace(records, { from, speed, now: io.now, stopped, wait: (ms) => waitOrStop(ms, io.signal) });
    return;
  }
  let batch: SimulatedRecord[] = [];
  for (const record of records) {
    batch.push(record);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
    if (stopped()) return;
  }
  if (batch.length > 0) yield batch;
}

async function waitOrStop(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

interface Output {
  write: (records: readonly SimulatedRecord[]) => Promise<void>;
  /** False when the reader has closed its end; then no more records are generated. */
  isOpen: () => boolean;
  close: () => void;
}

function openSink(to: string, io: SimulateIo): Output {
  if (to === '-') {
    const pipe = openPipe(io.stdout, io.signal);
    return {
      ...pipe,
      write: (records) => pipe.write(records.map((record) => `${toLine(record)}\n`).join('')),
    };
  }
  if (to !== 'kafka')
    throw new UserError(`--to is ${JSON.stringify(to)}: must be kafka, or - for standard output`);
  const { send } = io;
  if (send === null)
    throw new UserError('--to kafka: no Kafka is configured; set kafka.brokers and kafka.topics');
  return {
    write: (records) => send(records.map((record) => ({ key: record.request_id, value: toLine(record) }))),
    isOpen: () => true,
    close: () => undefined,
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function describeTruth(plan: SimulatePlan, tally: TrueCounts, last_ts: number) {
  const incidents = trueIncidents(plan.scenario, { from: plan.from, to: last_ts, rate: plan.rate });
  return {
    scenario: plan.scenario.name,
    seed: plan.seed,
    from: iso(plan.from),
    to: iso(last_ts),
    records: tally.total(),
    retries: tally.retries(),
    counts: tally.counts(),
    incidents: incidents.map((each) => ({
      ...each,
      started_at: iso(each.started_at),
      ended_at: iso(each.ended_at),
    })),
  };
}

async function writeTruth(path: string, truth: object): Promise<void> {
  try {
    await writeFile(path, `${JSON.stringify(truth, null, 2)}\n`);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new UserError(`--truth ${path} cannot be written (${reason}): choose another file`, 1, error);
  }
}

function summary(plan: SimulatePlan, tally: TrueCounts, incidents: number): string {
  const failures = tally.total() - (tally.counts().ok ?? 0);
  return `simulate: ${plan.scenario.name}: ${tally.total()} records, ${failures} of them failures, ${incidents} ${incidents === 1 ? 'incident' : 'incidents'} in them`;
}
