import { COUNT_INTERVAL_SECONDS } from '../../domain/count-row.ts';
import type { AnalyzerSettings } from '../detector.ts';
import { detectorOf, type Remembered, sharedScope, type Situation } from '../kind.ts';
import { aboveUsual, rememberUsual, type UsualLevel } from '../levels/above-usual.ts';
import { safeRate } from '../rate-history.ts';
import type { Matching } from '../view.ts';
import {
  measureSurge,
  type Present,
  presentSurge,
  surgeMemory,
  type SurgeMemory,
  surgeSums,
} from './slow-down/surge-memory.ts';
import { surgeReport, surgeSeverity } from './slow-down/surge-report.ts';

/** History in seconds that a surge needs besides its windows: half an hour of usual traffic, and the ramp. */
const HISTORY_SECONDS = 3_600;

/** The answers that a surge is about. */
const slowDowns: Matching = { classes: ['slow_down'], measure: 'requests' };

type SurgeSettings = AnalyzerSettings['slow_down_surge'];

/** Slow Down answers, usually after a sudden rise of the request rate. */
export const slowDownSurge = detectorOf({
  kind: 'slow_down_surge',
  settings: (all) => all.slow_down_surge,
  matching: slowDowns,
  has_parts: true,
  lookback: ({ window_seconds }) => HISTORY_SECONDS + 2 * window_seconds,
  ...aboveUsual<SurgeSettings>(slowDowns),
  look: sharedScope(slowDowns),
  memory: surgeMemory,
  remember,
  severity: (surge) => surgeSeverity(presentOf(surge, surge.memory)),
  report: (surge) => surgeReport({ ...surge, present: presentOf(surge, surge.memory) }),
});

type SurgeSituation = Situation<SurgeSettings, SurgeMemory, UsualLevel, unknown>;

/** The rates before the surge are measured again as long as the scope may change, and are then kept. */
function remember(evaluation: SurgeSituation): SurgeMemory {
  const { view, now, scope, settings, previous, known, judged, goes_on: goesOn } = evaluation;
  const { window_seconds: window } = settings;
  const isMeasured = previous !== null && goesOn && known?.scope_may !== 'change';
  const base = isMeasured ? previous : measureSurge(view, scope, evaluation.started_at, now, window);
  const present = presentOf(evaluation, base);
  const measured = isMeasured ? addWindow(previous, evaluation, present) : base;
  const isOver = present.rate > safeRate(measured.original_rate);
  const backAt = isOver ? null : (previous?.back_at ?? now);
  const last = view.between(now - window, now).lastMatching(slowDowns);
  const lastAt = last === null ? 0 : last + COUNT_INTERVAL_SECONDS;
  return {
    ...measured,
    ...rememberUsual(previous, judged),
    asked_at: previous?.asked_at ?? now,
    back_at: backAt,
    hold_from: Math.max(backAt ?? now, lastAt, previous?.hold_from ?? 0),
  };
}

function addWindow(facts: SurgeMemory, evaluation: SurgeSituation, present: Present): SurgeMemory {
  const { view, scope, last_at: lastAt } = evaluation;
  // Requests after the last Slow Down answer would make the share smaller, although they are not of the surge.
  const until = Math.max(facts.counted_until, lastAt);
  const sums = surgeSums(view.between(facts.counted_until, until).within(scope).sums());
  return {
    ...facts,
    slow_downs: facts.slow_downs + sums.slow_downs,
    requests: facts.requests + sums.requests,
    counted_until: until,
    peak_rate: Math.max(facts.peak_rate, present.first_attempts),
    peak_input_tokens: Math.max(facts.peak_input_tokens, present.input_tokens),
  };
}

type SurgeInput = Pick<Remembered<SurgeSettings, unknown, UsualLevel>, 'judged' | 'scope' | 'settings'>;

function presentOf(
  { judged, scope, settings }: SurgeInput,
  facts: Pick<SurgeMemory, 'rate_of' | 'clients'>,
): Present {
  return presentSurge(judged.window, scope, facts, settings.window_seconds);
}
