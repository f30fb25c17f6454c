import { COUNT_INTERVAL_SECONDS } from '../domain/count-row.ts';
import type { Store } from '../store/store.ts';
import { readBusyHours } from '../store/queries/busy-hours.ts';
import { readSamplesOfEach, type Samples } from '../store/queries/sample-requests.ts';
import { warnByStatus } from './status-only-verdict.ts';
import type { CountWindow } from './count-window.ts';
import type { AnalyzerSettings, Detector } from './detector.ts';
import { judgeGateway } from './gateway-verdict.ts';
import { type IncidentChange, evaluate, type Evaluation, holdIncomplete, type Live } from './evaluate.ts';

/** Receives the incidents to write; resolves when they are written. */
export type OnChanges = (changes: readonly IncidentChange[]) => Promise<void>;

const BLOCK_SECONDS = 3_600;
/**
 * This many seconds after the last counts no incident begins or changes any more, so time without counts can be
 * skipped.
 */
const QUIET_SECONDS = 2 * BLOCK_SECONDS;
/** A range of at most this many blocks is simply evaluated: to ask first which hours have counts would cost more. */
const FEW_BLOCKS = 4;
const SAMPLES = 5;

/** Evaluations happen at multiples of this many seconds, so that all analyzers evaluate the same moments. */
export function stepSeconds(settings: AnalyzerSettings): number {
  return Math.max(1, Math.ceil(settings.every_seconds / COUNT_INTERVAL_SECONDS)) * COUNT_INTERVAL_SECONDS;
}

/**
 * Evaluates every step in `(after, to]` (epoch seconds of event time), passes on the versions to write, in order, and
 * returns the open incidents. Counts are read in blocks of about an hour, so that a calm day costs two small queries
 * per hour. In a long range, hours without counts are skipped, so that half a year between two records of a file costs
 * almost nothing.
 */
export async function stepRange(
  store: Store,
  detectors: readonly Detector[],
  range: { after: number; to: number; live: Live; window: CountWindow },
  settings: AnalyzerSettings,
  onChanges: OnChanges,
): Promise<Live> {
  const { window } = range;
  const step = stepSeconds(settings);
  const first = Math.floor(range.after / step) * step + step;
  const block = Math.ceil(BLOCK_SECONDS / step) * step;
  const readsItself = detectors.some(({ reads }) => reads !== undefined);
  let live = range.live;
  const take = async (evaluation: Evaluation): Promise<void> => {
    const changes = await addSamples(store, detectors, evaluation.changes);
    live = withChanges(evaluation.live, changes);
    if (changes.length > 0) await onChanges(changes);
  };
  const isQuiet =
    range.to - first <= FEW_BLOCKS * block
      ? () => false
      : quietIn(await readBusyHours(store, { from: first - QUIET_SECONDS, to: range.to }));
  for (let from = first; from <= range.to; from += block) {
    if (isQuiet(from - QUIET_SECONDS, from + block)) continue;
    const to = Math.min(from + block - step, Math.floor(range.to / step) * step);
    await window.advance(store, { from, to, live }, detectors, settings);
    if (window.orgs.size === 0 && live.size === 0 && !readsItself) continue;
    for (let now = from; now <= to; now += step) {
      await take(evaluate(detectors, window, live, now, settings));
      if (window.left_out.size > 0)
        await take(holdIncomplete(detectors, live, now, settings, window.left_out));
    }
  }
  return live;
}

/**
 * Returns a function that is true for spans without a busy hour. Hours are given by their starts, epoch seconds, in
 * order; spans must be asked in order, too.
 */
function quietIn(hours: readonly number[]): (from: number, to: number) => boolean {
  let next = 0;
  return (from, to) => {
    while (next < hours.length && (hours[next] ?? 0) + BLOCK_SECONDS <= from) next++;
    return (hours[next] ?? Infinity) >= to;
  };
}

/**
 * Adds request ids, which help support and the people on call. They are read when an incident fires or reopens, and
 * when its scope or severity changes.
 */
async function addSamples(
  store: Store,
  detectors: readonly Detector[],
  changes: readonly IncidentChange[],
): Promise<readonly IncidentChange[]> {
  const samples = new Map<IncidentChange, Samples>();
  for (const { kind, matching } of detectors) {
    const asked = changes.filter(({ live, reason }) => live.incident.kind === kind && isAsked(reason));
    const [first] = asked;
    if (first === undefined) continue;
    const filter = { classes: matching.classes, to: first.live.memory.life.evaluated_at, limit: SAMPLES };
    const scopes = asked.map(({ live }) => ({
      scope: live.incident.scope,
      from: live.memory.life.started_at,
    }));
    const found = await readSamplesOfEach(store, filter, scopes);
    asked.forEach((change, i) => {
      const own = found[i];
      if (own !== undefined) samples.set(change, own);
    });
  }
  return changes.map((change) => {
    const found = samples.get(change);
    if (found === undefined) return change;
    const { live, reason } = change;
    const incident = { ...live.incident, sample_request_ids: found.ids };
    // The verdict of the first message is kept, so that the party does not change from minute to minute.
    const judged = reason === 'fired' ? judgeGateway(warnByStatus(incident, found), found) : incident;
    return { ...change, live: { ...live, incident: judged } };
  });
}

function isAsked(reason: IncidentChange['reason']): boolean {
  return reason === 'fired' || reason === 'updated' || reason === 'reopened';
}

function withChanges(live: Live, changes: readonly IncidentChange[]): Live {
  if (changes.length === 0) return live;
  return new Map([...live, ...changes.map((change) => [change.key, change.live] as const)]);
}
