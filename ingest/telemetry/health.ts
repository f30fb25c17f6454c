import type { HealthState } from './metrics.ts';

/** The facts that health is decided from. Times are monotonic ms; null: it never happened, or is unknown. */
export interface HealthFacts {
  phase: 'starting' | 'running' | 'stopping' | 'ended';
  /** What the worker waits for before it starts. */
  missing: readonly MissingPart[];
  started_at: number;
  /** When the worker's loop last ran. */
  ticked_at: number | null;
  /** Whether the worker has a valid assignment from the group, and since when `assigned` has its value. */
  assigned: boolean;
  group_since: number;
  /** Topics to be read that do not exist at present. */
  missing_topics: readonly string[];
  partitions: number;
  starting: number;
  halted: number;
  /** Since when every statement of the worker has failed, and when a statement last failed. */
  store_failing_since: number | null;
  store_failed_at: number | null;
  /** When ClickHouse last answered any request. */
  store_answered_at: number | null;
  broker_failing_since: number | null;
  broker_failed_at: number | null;
  broker_answered_at: number | null;
  /** Sum of the waiting records of all partitions: now, and `LAG_WINDOW_MS` ago. */
  lag_records: number;
  lag_records_before: number | null;
  /** The greatest lag of any partition. */
  lag_seconds: number;
}

/** Something that must be available before the worker can start. */
export interface MissingPart {
  /** `ClickHouse`, `Kafka`. */
  what: string;
  /** host:port or URL. */
  address: string;
}

/** Why a worker is not `ok`. */
export const healthReasons = [
  'starting',
  'missing',
  'no_assignment',
  'stopping',
  'stalled',
  'rebalancing',
  'partitions_starting',
  'partitions_halted',
  'topics_missing',
  'store_retrying',
  'store_silent',
  'broker_retrying',
  'broker_silent',
  'lag_growing',
  'receivers_failing',
] as const;
export type HealthReason = (typeof healthReasons)[number];

export interface Health {
  state: HealthState;
  /**
   * Worst first. `detail` names no host, path or record; it names a topic only when the topic is missing. `address` is
   * the host or URL of a missing part, for readers who may see it.
   */
  reasons: { code: HealthReason; state: Exclude<HealthState, 'ok'>; detail: string; address?: string }[];
}

/** The loop runs twenty times a second. After this long without a run the process must be restarted. */
export const STALLED_MS = 15_000;
/** A failure this recent still counts; otherwise the state would flicker between two tries. */
export const RECENT_MS = 10_000;
/** Requests are sent every ten seconds: after three without an answer something is wrong. */
export const SILENT_MS = 30_000;
/** After this long without a success the worker is useless. */
export const DOWN_MS = 120_000;
/** A rebalance waits for the slowest member; no ordinary one lasts longer than this. */
export const REBALANCE_MS = 180_000;
/** Deciding where a partition starts takes three requests; longer than this is a fault. */
export const START_MS = 60_000;
/**
 * Lag is growing when its records and its seconds are above their floors and the records rose by a tenth within a
 * window.
 */
export const LAG_WINDOW_MS = 60_000;
export const LAG_FLOOR_RECORDS = 10_000;
export const LAG_FLOOR_SECONDS = 30;
export const LAG_GROWTH = 1.1;

/**
 * Decides whether the worker can do its work. `degraded`: the worker still counts everything, but later. `not_ready`:
 * the worker does not work now.
 */
export function decideHealth(facts: HealthFacts, now: number): Health {
  const reasons: Health['reasons'] = [];
  const say: Say = (state, code, detail, address) =>
    void reasons.push({ code, state, detail, ...(address === undefined ? {} : { address }) });
  // The worker inserts nothing any more, but telemetry still asks the store whether it answers.
  if (facts.phase === 'ended') judgeAnswers(facts, now, say);
  else if (facts.phase === 'starting') judgeStart(facts, say);
  else if (facts.phase === 'stopping')
    say('not_ready', 'stopping', 'the worker stores what it has read and then stops');
  else {
    if (isStalled(facts, now))
      say('not_ready', 'stalled', `the loop has not run for ${age(facts.ticked_at, now)}`);
    judgeGroup(facts, now, say);
    judgeStore(facts, now, say);
    judgeBroker(facts, now, say);
    judgeLag(facts, say);
  }
  reasons.sort((a, b) => Number(a.state === 'degraded') - Number(b.state === 'degraded'));
  return { state: reasons[0]?.state ?? 'ok', reasons };
}

/** True when the worker's loop should run but does not: only a new process helps. */
export function isStalled(facts: HealthFacts, now: number): boolean {
  return facts.phase === 'running' && now - (facts.ticked_at ?? facts.started_at) > STALLED_MS;
}

type Say = (state: 'degraded' | 'not_ready', code: HealthReason, detail: string, address?: string) => void;

function judgeStart({ missing }: HealthFacts, say: Say): void {
  for (const { what, address } of missing) say('not_ready', 'missing', `${what} is not there yet`, address);
  if (missing.length === 0) say('not_ready', 'starting', 'connecting to store and broker');
}

function judgeGroup(facts: HealthFacts, now: number, say: Say): void {
  const { assigned, group_since, partitions, starting, halted, missing_topics: topics } = facts;
  if (topics.length > 0) say('degraded', 'topics_missing', `topic ${topics.join(', ')} no longer exists`);
  const long = now - group_since > REBALANCE_MS;
  if (!assigned && facts.broker_answered_at === null)
    say('not_ready', 'no_assignment', `the group has not answered for ${age(group_since, now)}`);
  else if (!assigned)
    say(long ? 'not_ready' : 'degraded', 'rebalancing', `without an assignment for ${age(group_since, now)}`);
  else if (starting > 0 && now - group_since > START_MS)
    say('degraded', 'partitions_starting', `${starting} of ${partitions} partitions have not started`);
  if (halted > 0)
    say(
      'degraded',
      'partitions_halted',
      `ClickHouse rejects the rows of ${halted} of ${partitions} partitions`,
    );
}

function judgeStore(facts: HealthFacts, now: number, say: Say): void {
  const { store_failing_since: failing, store_failed_at: failed, store_answered_at: answered } = facts;
  const down = isOver(failing, now, DOWN_MS) || isOver(answered, now, DOWN_MS);
  const state = down ? 'not_ready' : 'degraded';
  if (failing !== null) say(state, 'store_retrying', `no insert has succeeded for ${age(failing, now)}`);
  else if (isWithin(failed, now, RECENT_MS))
    say('degraded', 'store_retrying', 'inserts had to be sent again');
  judgeAnswers(facts, now, say, state);
}

function judgeAnswers(
  { store_answered_at: answered }: HealthFacts,
  now: number,
  say: Say,
  state: 'degraded' | 'not_ready' = isOver(answered, now, DOWN_MS) ? 'not_ready' : 'degraded',
): void {
  if (isOver(answered, now, SILENT_MS))
    say(state, 'store_silent', `ClickHouse has not answered for ${age(answered, now)}`);
}

function judgeBroker(facts: HealthFacts, now: number, say: Say): void {
  const { broker_failing_since: failing, broker_failed_at: failed, broker_answered_at: answered } = facts;
  // Without partitions the broker is not asked, and without an assignment another reason is already given.
  if (!facts.assigned || facts.partitions === 0) return;
  const down = isOver(failing, now, DOWN_MS) || isOver(answered, now, DOWN_MS);
  const state = down ? 'not_ready' : 'degraded';
  if (failing !== null) say(state, 'broker_retrying', `no commit has succeeded for ${age(failing, now)}`);
  else if (isWithin(failed, now, RECENT_MS))
    say('degraded', 'broker_retrying', 'commits had to be sent again');
  if (isOver(answered, now, SILENT_MS))
    say(state, 'broker_silent', `Kafka has not answered for ${age(answered, now)}`);
}

function judgeLag(facts: HealthFacts, say: Say): void {
  const { lag_records: lag, lag_records_before: before, lag_seconds: seconds } = facts;
  if (
    before === null ||
    lag <= LAG_FLOOR_RECORDS ||
    seconds <= LAG_FLOOR_SECONDS ||
    lag <= before * LAG_GROWTH
  )
    return;
  say('degraded', 'lag_growing', `${lag} records behind, ${before} a minute ago`);
}

function isOver(since: number | null, now: number, limit: number): boolean {
  return since !== null && now - since > limit;
}

function isWithin(at: number | null, now: number, limit: number): boolean {
  return at !== null && now - at <= limit;
}

function age(since: number | null, now: number): string {
  return `${Math.round((now - (since ?? now)) / 1000)} s`;
}
