import { COUNT_INTERVAL_SECONDS, type CountRow } from '../../domain/count-row.ts';
import type { Scope } from '../../domain/incident.ts';
import { orgsWith, rowsBetween } from '../count-view.ts';
import type { AnalyzerSettings, Detector, Finding, Identity, Known } from '../detector.ts';
import { orgScope, reviseScope } from '../narrow-scope.ts';
import {
  addQuotaAnswers,
  emptyQuotaFacts,
  lastSuccess,
  type QuotaFacts,
  quotaStart,
  readQuotaFacts,
} from '../quota/quota-facts.ts';
import { isQuota, quotaLevel, RUN_WINDOWS } from '../quota/quota-level.ts';
import { quotaReport } from '../quota/quota-report.ts';
import { quotaScope } from '../quota/quota-scope.ts';

/** How far back the first failure and the last success are looked for. */
const HISTORY_SECONDS = 3_600;

/** Requests refused because money, credit or an assigned allowance is used up. */
export const quotaExhausted: Detector = {
  kind: 'quota_exhausted',
  classes: ['quota_exceeded'],
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
    const run = RUN_WINDOWS * settings.quota_exhausted.window_seconds;
    const matching = orgsWith(counts, ['quota_exceeded'], now - run, now);
    return [...new Set([...known.keys(), ...matching])].flatMap((key) => {
      const remembered = known.get(key) ?? null;
      const identity = counts.orgs.get(key) ?? remembered?.identity;
      if (identity === undefined) return [];
      const rows = rowsBetween(counts.orgs.get(key)?.rows ?? [], now - lookback(settings), now);
      const finding = judge(identity, rows, settings, now, remembered);
      return finding === null ? [] : [finding];
    });
  },
};

function lookback({ quota_exhausted }: AnalyzerSettings): number {
  return HISTORY_SECONDS + RUN_WINDOWS * quota_exhausted.window_seconds;
}

function judge(
  { provider, org }: Identity,
  rows: readonly CountRow[],
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
  const level = quotaLevel(rows, quota, now, aware);
  if (known === null && level !== 'breach') return null;
  const whole = orgScope(provider, org);
  const startedAt = known?.started_at ?? quotaStart(rows, whole, now, quota.clear_seconds);
  const evaluation = { rows, whole, startedAt, now, level, known, remembered };
  const { scope, facts } = nextFacts(evaluation);
  const window = rowsBetween(rows, now - quota.window_seconds, now);
  const last = rows.findLast(isQuota);
  return {
    identity: { provider, org },
    level,
    started_at: startedAt,
    last_at: (last?.ts ?? startedAt) + COUNT_INTERVAL_SECONDS,
    report: quotaReport({ scope, facts, window, started_at: startedAt, level }),
    facts,
  };
}

interface Evaluation {
  rows: readonly CountRow[];
  whole: Scope;
  startedAt: number;
  now: number;
  level: Finding['level'];
  known: Known | null;
  remembered: QuotaFacts | null;
}

/** While the scope is open everything is counted anew from the start; then only what is new. */
function nextFacts(evaluation: Evaluation): { scope: Scope; facts: QuotaFacts } {
  const { rows, whole, startedAt, now, level, known, remembered } = evaluation;
  const isOpen = known === null || (known.scope_may !== 'stay' && level === 'breach');
  if (!isOpen && remembered !== null) {
    return { scope: known.scope, facts: addQuotaAnswers(remembered, rows, known.scope, now) };
  }
  const seen = quotaScope(rowsBetween(rows, startedAt, now), whole);
  const scope = reviseScope(known, seen.scope);
  const isSame = known !== null && JSON.stringify(scope) === JSON.stringify(known.scope);
  const base =
    remembered !== null && isSame && known.scope_may !== 'change'
      ? remembered
      : { ...emptyQuotaFacts(startedAt), newest_success_at: lastSuccess(rows, scope, startedAt) };
  const others = scope.project === undefined ? seen.keys : seen.projects;
  return {
    scope,
    facts: {
      ...addQuotaAnswers(base, rows, scope, now),
      quota: seen.quota === '' ? base.quota : seen.quota,
      succeeding: others.succeeding.slice(0, 10),
    },
  };
}
