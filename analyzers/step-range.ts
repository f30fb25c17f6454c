import { COUNT_INTERVAL_SECONDS } from '../domain/count-row.ts';
import type { Store } from '../store/connect.ts';
import { type ClassCount, readClassCounts, readCounts } from '../store/queries/counts.ts';
import { readSampleRequestIds } from '../store/queries/incidents.ts';
import { countView, orgKey } from './count-view.ts';
import type { AnalyzerSettings, Detector, Identity } from './detector.ts';
import { type Change, evaluate, type Live } from './evaluate.ts';

/** Given the incidents to write; resolves when that is done. */
export type OnChanges = (changes: readonly Change[]) => Promise<void>;

/** What stepping through a time came to. */
export interface Stepped {
  live: Live;
  /** Organizations that were not judged because there were too many with such answers. */
  left_out: number;
}

const BLOCK_SECONDS = 3_600;
/** Organizations judged per block: those with most of the answers in question. */
const MAX_ORGS = 1_000;
const SAMPLES = 5;

/** The times of evaluation lie on whole multiples of this many seconds, for every analyzer the same. */
export function stepSeconds(settings: AnalyzerSettings): number {
  return Math.max(1, Math.ceil(settings.every_seconds / COUNT_INTERVAL_SECONDS)) * COUNT_INTERVAL_SECONDS;
}

/**
 * Evaluates every step in `(after, to]` (epoch seconds of event time) and hands over what is to be written, in
 * order. Counts are read in blocks, and only where an incident is live or could begin, so that a calm day costs
 * one small query per hour.
 */
export async function stepRange(
  store: Store,
  detectors: readonly Detector[],
  range: { after: number; to: number; live: Live },
  settings: AnalyzerSettings,
  onChanges: OnChanges,
): Promise<Stepped> {
  const step = stepSeconds(settings);
  const first = Math.floor(range.after / step) * step + step;
  const block = Math.ceil(BLOCK_SECONDS / step) * step;
  let live = range.live;
  let leftOut = 0;
  for (let from = first; from <= range.to; from += block) {
    const to = Math.min(from + block - 1, range.to);
    const worth = await orgsWorthReading(store, detectors, { from, to, live }, settings);
    leftOut += worth.left_out;
    if (worth.orgs.length === 0 && live.size === 0) continue;
    const lookback = Math.max(...detectors.map((detector) => detector.lookback(settings)));
    const counts = countView(await readCounts(store, { from: from - lookback, to, orgs: worth.orgs }));
    for (let now = from; now <= to; now += step) {
      const evaluation = evaluate(detectors, counts, live, now, settings);
      const changes = await addSamples(store, detectors, evaluation.changes);
      live = withChanges(evaluation.live, changes);
      if (changes.length > 0) await onChanges(changes);
    }
  }
  return { live, left_out: leftOut };
}

/** Organizations with a live incident, and those with enough answers, close enough in time, to begin one. */
async function orgsWorthReading(
  store: Store,
  detectors: readonly Detector[],
  block: { from: number; to: number; live: Live },
  settings: AnalyzerSettings,
): Promise<{ orgs: Identity[]; left_out: number }> {
  const reach = Math.max(...detectors.map((detector) => detector.least(settings).seconds));
  const classes = [...new Set(detectors.flatMap((detector) => detector.classes))];
  const counts = await readClassCounts(store, { from: block.from - reach, to: block.to, classes });
  const found = new Map<string, { identity: Identity; answers: number }>();
  for (const detector of detectors) {
    for (const [key, rows] of byOrg(counts.filter((row) => detector.classes.includes(row.class)))) {
      const [row] = rows;
      if (row === undefined || !couldBegin(rows, detector.least(settings))) continue;
      const answers = rows.reduce((sum, { requests }) => sum + requests, 0) + (found.get(key)?.answers ?? 0);
      found.set(key, { identity: { provider: row.provider, org: row.org }, answers });
    }
  }
  const ranked = [...found].sort((a, b) => b[1].answers - a[1].answers || (a[0] < b[0] ? -1 : 1));
  const chosen = new Map(ranked.slice(0, MAX_ORGS).map(([key, { identity }]) => [key, identity]));
  for (const { memory } of block.live.values()) chosen.set(orgKey(memory.identity), memory.identity);
  return { orgs: [...chosen.values()], left_out: Math.max(0, ranked.length - MAX_ORGS) };
}

function byOrg(counts: readonly ClassCount[]): Map<string, ClassCount[]> {
  const orgs = new Map<string, ClassCount[]>();
  for (const row of counts) {
    const key = orgKey(row);
    const rows = orgs.get(key);
    if (rows === undefined) orgs.set(key, [row]);
    else rows.push(row);
  }
  return orgs;
}

function couldBegin(rows: readonly ClassCount[], least: { count: number; seconds: number }): boolean {
  let begin = 0;
  let sum = 0;
  for (const row of rows) {
    sum += row.requests;
    for (
      let first = rows[begin];
      first !== undefined && first.ts <= row.ts - least.seconds;
      first = rows[begin]
    ) {
      sum -= first.requests;
      begin++;
    }
    if (sum >= least.count) return true;
  }
  return false;
}

/** Request ids help support and the people on call; they are looked up when an incident opens or its scope changes. */
async function addSamples(
  store: Store,
  detectors: readonly Detector[],
  changes: readonly Change[],
): Promise<readonly Change[]> {
  const done: Change[] = [];
  for (const change of changes) {
    const { incident, memory } = change.live;
    const detector = detectors.find(({ kind }) => kind === incident.kind);
    const isAsked = change.reason === 'fired' || change.reason === 'updated' || change.reason === 'reopened';
    if (detector === undefined || !isAsked) {
      done.push(change);
      continue;
    }
    const samples = await readSampleRequestIds(store, {
      classes: detector.classes,
      scope: incident.scope,
      from: memory.life.started_at,
      to: memory.life.evaluated_at,
      limit: SAMPLES,
    });
    done.push({
      ...change,
      live: { ...change.live, incident: { ...incident, sample_request_ids: samples } },
    });
  }
  return done;
}

function withChanges(live: Live, changes: readonly Change[]): Live {
  if (changes.length === 0) return live;
  return new Map([...live, ...changes.map((change) => [change.key, change.live] as const)]);
}
