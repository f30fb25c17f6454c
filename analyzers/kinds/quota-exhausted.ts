import type { Level } from '../incident-life.ts';
import type { AnalyzerSettings } from '../detector.ts';
import { detectorOf, type Situation } from '../kind.ts';
import {
  addQuotaAnswers,
  emptyQuotaMemory,
  lastSuccess,
  quotaMemory,
  type QuotaMemory,
  quotaStart,
} from './quota/quota-memory.ts';
import { quotaAnswers, quotaLevel, RUN_WINDOWS } from './quota/quota-level.ts';
import { quotaReport } from './quota/quota-report.ts';
import { quotaScope, type QuotaScope } from './quota/quota-scope.ts';

/** The first failure and the last success are looked for in this time before now; seconds. */
const HISTORY_SECONDS = 3_600;

type QuotaSettings = AnalyzerSettings['quota_exhausted'];

/** Requests are refused because money, credit or an assigned allowance is used up. */
export const quotaExhausted = detectorOf<QuotaSettings, QuotaMemory, { level: Level }, QuotaScope>({
  kind: 'quota_exhausted',
  settings: (all) => all.quota_exhausted,
  matching: quotaAnswers,
  has_parts: true,
  begins_within: ({ window_seconds }) => RUN_WINDOWS * window_seconds,
  lookback: ({ window_seconds }) => HISTORY_SECONDS + RUN_WINDOWS * window_seconds,
  level: quotaLevel,
  start: ({ view, now, settings }) => quotaStart(view, now, settings.clear_seconds),
  look: quotaScope,
  memory: quotaMemory,
  remember,
  severity: () => 'critical',
  report: quotaReport,
});

/**
 * As long as the scope may change, all answers since the start are counted again; after that, only the new answers are
 * added.
 */
function remember(evaluation: Situation<QuotaSettings, QuotaMemory, unknown, QuotaScope>): QuotaMemory {
  const { view, scope, started_at: startedAt, now, previous, looked, goes_on: goesOn } = evaluation;
  const base =
    previous !== null && goesOn
      ? previous
      : { ...emptyQuotaMemory(startedAt), newest_success_at: lastSuccess(view, scope, startedAt) };
  const facts = addQuotaAnswers(base, view, scope, now);
  if (looked === null) return facts;
  const others = scope.project === undefined ? looked.keys : looked.projects;
  return {
    ...facts,
    quota: looked.quota === '' ? base.quota : looked.quota,
    succeeding: others.succeeding.slice(0, 10),
  };
}
