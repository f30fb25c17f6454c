import { COUNT_INTERVAL_SECONDS } from '../../domain/count-row.ts';
import type { Scope } from '../../domain/incident.ts';
import type { AnalyzerSettings, Detector, Finding, Identity, Known } from '../detector.ts';
import { judgeEach } from '../judge-each.ts';
import { narrowScope, orgScope, reviseScope } from '../narrow-scope.ts';
import { safeRate } from '../rate-history.ts';
import {
  measureSurge,
  presentSurge,
  readSurgeFacts,
  rememberSurge,
  type SurgeFacts,
  surgeSums,
} from './slow-down/surge-facts.ts';
import { surgeLevel, surgeStart } from './slow-down/surge-level.ts';
import { surgeReport, surgeSeverity } from './slow-down/surge-report.ts';
import type { CountSum, View } from '../view.ts';

/** How far back a surge needs counts beyond its window: half an hour of usual traffic, and the ramp. */
const HISTORY_SECONDS = 3_600;

/** Slow Down answers, usually after a sudden rise of the request rate. */
export const slowDownSurge: Detector = {
  kind: 'slow_down_surge',
  matching: { classes: ['slow_down'], measure: 'requests' },
  least: ({ slow_down_surge }) => ({ count: slow_down_surge.count, seconds: slow_down_surge.window_seconds }),
  lookback,
  policy: ({ slow_down_surge, pending_seconds, reopen_seconds }) => ({
    pending_seconds,
    reopen_seconds,
    clear_seconds: slow_down_surge.clear_seconds,
    window_seconds: slow_down_surge.window_seconds,
  }),
  detect(counts, settings, now, known) {
    const where = {
      classes: ['slow_down'] as const,
      seconds: settings.slow_down_surge.window_seconds,
      lookback: lookback(settings),
    };
    return judgeEach(counts, where, now, known, (identity, view, remembered) =>
      judge(identity, view, settings, now, remembered),
    );
  },
};

function lookback({ slow_down_surge }: AnalyzerSettings): number {
  return HISTORY_SECONDS + 2 * slow_down_surge.window_seconds;
}

function judge(
  { provider, org }: Identity,
  view: View,
  settings: AnalyzerSettings,
  now: number,
  known: Known | null,
): Finding | null {
  const surge = settings.slow_down_surge;
  const remembered = readSurgeFacts(known?.facts);
  const last = view.between(now - surge.window_seconds, now).sums();
  const { level, cell, background } = surgeLevel(
    view,
    last,
    surge,
    now,
    lookback(settings),
    remembered?.background ?? null,
  );
  if (known === null && (level !== 'breach' || cell === null)) return null;
  const startedAt =
    known?.started_at ??
    (cell === null ? now : surgeStart(view, cell, background, surge, now, lookback(settings)));
  const scope = currentScope(view, startedAt, orgScope(provider, org), level, known);
  const lastAt = lastSlowDown(view, now - surge.window_seconds);
  const facts = rememberSurge(
    nextFacts({ view, last, scope, startedAt, lastAt, now, background, known, remembered }, settings),
  );
  const present = presentSurge(last, scope, facts, surge.window_seconds);
  return {
    identity: { provider, org },
    level,
    started_at: startedAt,
    last_at: lastAt ?? now,
    scope,
    severity: surgeSeverity(present),
    facts,
    report: () => surgeReport({ scope, facts, present, now, started_at: startedAt }, settings),
  };
}

function currentScope(
  view: View,
  startedAt: number,
  whole: Scope,
  level: Finding['level'],
  known: Known | null,
): Scope {
  if (known !== null && (known.scope_may === 'stay' || level !== 'breach')) return known.scope;
  const narrow = narrowScope(view.between(startedAt, Infinity).sums(), (row) => row.class === 'slow_down');
  return reviseScope(known, { ...whole, ...narrow });
}

interface Evaluation {
  view: View;
  /** Sums over the last window. */
  last: readonly CountSum[];
  scope: Scope;
  startedAt: number;
  lastAt: number | null;
  now: number;
  background: number;
  known: Known | null;
  remembered: SurgeFacts | null;
}

/** The rates before the surge are measured while its scope is still open, and kept from then on. */
function nextFacts(evaluation: Evaluation, settings: AnalyzerSettings): SurgeFacts {
  const { view, last, scope, startedAt, now, known, remembered } = evaluation;
  const window = settings.slow_down_surge.window_seconds;
  const isKept = remembered !== null && known?.scope_may !== 'change' && isSameScope(known?.scope, scope);
  const measured = isKept
    ? addWindow(remembered, evaluation, window)
    : measureSurge(view, scope, startedAt, now, window);
  const background = remembered?.background ?? evaluation.background;
  const askedAt = remembered?.asked_at ?? now;
  const { rate } = presentSurge(last, scope, measured, window);
  const isOver = rate > safeRate(measured.original_rate);
  const backAt = isOver ? null : (remembered?.back_at ?? now);
  const holdFrom = Math.max(backAt ?? now, evaluation.lastAt ?? 0, remembered?.hold_from ?? 0);
  return { ...measured, background, asked_at: askedAt, back_at: backAt, hold_from: holdFrom };
}

function addWindow(facts: SurgeFacts, { view, last, scope, now }: Evaluation, window: number): SurgeFacts {
  const sums = surgeSums(view.between(facts.counted_until, now).within(scope).sums());
  const present = presentSurge(last, scope, facts, window);
  return {
    ...facts,
    slow_downs: facts.slow_downs + sums.slow_downs,
    requests: facts.requests + sums.requests,
    counted_until: Math.max(facts.counted_until, now),
    peak_rate: Math.max(facts.peak_rate, present.rate),
    peak_input_tokens: Math.max(facts.peak_input_tokens, present.input_tokens),
  };
}

/** End of the last interval with a Slow Down answer since `from`; null for none. */
function lastSlowDown(view: View, from: number): number | null {
  const last = view.between(from, Infinity).last((combination) => combination.class === 'slow_down');
  return last === null ? null : last + COUNT_INTERVAL_SECONDS;
}

function isSameScope(a: Scope | undefined, b: Scope): boolean {
  return a !== undefined && JSON.stringify(a) === JSON.stringify(b);
}
