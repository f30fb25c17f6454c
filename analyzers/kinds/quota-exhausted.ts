import { COUNT_INTERVAL_SECONDS } from '../../domain/count-row.ts';
import type { Scope } from '../../domain/incident.ts';
import type { AnalyzerSettings, Detector, Finding, Identity, Known } from '../detector.ts';
import { judgeEach } from '../judge-each.ts';
import { orgScope, reviseScope } from '../narrow-scope.ts';
import {
  addQuotaAnswers,
  emptyQuotaFacts,
  lastSuccess,
  type QuotaFacts,
  quotaStart,
  readQuotaFacts,
  rememberQuota,
} from './quota/quota-facts.ts';
import { isQuota, quotaLevel, RUN_WINDOWS } from './quota/quota-level.ts';
import { quotaReport } from './quota/quota-report.ts';
import { quotaScope } from './quota/quota-scope.ts';
import type { View } from '../view.ts';

/** How far back the first failure and the last success are looked for. */
const HISTORY_SECONDS = 3_600;

/** Requests refused because money, credit or an assigned allowance is used up. */
export const quotaExhausted: Detector = {
  kind: 'quota_exhausted',
  matching: { classes: ['quota_exceeded'], measure: 'requests' },
  least: ({ quota_exhausted }) => ({
    count: quota_exhausted.count,
    seconds: RUN_WINDOWS * quota_exhausted.window_seconds,
  }),
  lookback,
  policy: ({ quota_exhausted, pending_seconds, reopen_seconds }) => ({
    pending_seconds,
    reopen_seconds,
    clear_seconds: quota_exhausted.clear_seconds,
    window_seconds: quota_exhausted.window_seconds,
  }),
  detect(counts, settings, now, known) {
    const where = {
      classes: ['quota_exceeded'] as const,
      seconds: RUN_WINDOWS * settings.quota_exhausted.window_seconds,
      lookback: lookback(settings),
    };
    return judgeEach(counts, where, now, known, (identity, view, remembered) =>
      judge(identity, view, settings, now, remembered),
    );
  },
};

function lookback({ quota_exhausted }: AnalyzerSettings): number {
  return HISTORY_SECONDS + RUN_WINDOWS * quota_exhausted.window_seconds;
}

function judge(
  { provider, org }: Identity,
  view: View,
  settings: AnalyzerSettings,
  now: number,
  known: Known | null,
): Finding | null {
  const quota = settings.quota_exhausted;
  const remembered = readQuotaFacts(known?.facts);
  const aware =
    known === null
      ? null
      : { scope: known.scope, last_request_at: remembered?.last_request_at ?? known.started_at };
  const level = quotaLevel(view, quota, now, aware);
  if (known === null && level !== 'breach') return null;
  const whole = orgScope(provider, org);
  const startedAt = known?.started_at ?? quotaStart(view, whole, now, quota.clear_seconds);
  const evaluation = { view, whole, startedAt, now, level, known, remembered };
  const { scope, facts } = nextFacts(evaluation);
  rememberQuota(facts);
  const window = view.between(now - quota.window_seconds, now).within(scope);
  const last = view.last(isQuota);
  return {
    identity: { provider, org },
    level,
    started_at: startedAt,
    last_at: (last ?? startedAt) + COUNT_INTERVAL_SECONDS,
    scope,
    severity: 'critical',
    facts,
    report: () => quotaReport({ scope, facts, window: window.sums(), started_at: startedAt, level }),
  };
}

interface Evaluation {
  view: View;
  whole: Scope;
  startedAt: number;
  now: number;
  level: Finding['level'];
  known: Known | null;
  remembered: QuotaFacts | null;
}

/** While the scope is open everything is counted anew from the start; then only what is new. */
function nextFacts(evaluation: Evaluation): { scope: Scope; facts: QuotaFacts } {
  const { view, whole, startedAt, now, level, known, remembered } = evaluation;
  const isOpen = known === null || (known.scope_may !== 'stay' && level === 'breach');
  if (!isOpen && remembered !== null) {
    return { scope: known.scope, facts: addQuotaAnswers(remembered, view, known.scope, now) };
  }
  const seen = quotaScope(view.between(startedAt, now), whole);
  const scope = reviseScope(known, seen.scope);
  const isSame = known !== null && JSON.stringify(scope) === JSON.stringify(known.scope);
  const base =
    remembered !== null && isSame && known.scope_may !== 'change'
      ? remembered
      : { ...emptyQuotaFacts(startedAt), newest_success_at: lastSuccess(view, scope, startedAt) };
  const others = scope.project === undefined ? seen.keys : seen.projects;
  return {
    scope,
    facts: {
      ...addQuotaAnswers(base, view, scope, now),
      quota: seen.quota === '' ? base.quota : seen.quota,
      succeeding: others.succeeding.slice(0, 10),
    },
  };
}
