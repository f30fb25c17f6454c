import { comparedTime, type ExplainSumsPlan, readExplainSums } from '../../../store/queries/explain-sums.ts';
import type { Store } from '../../../store/store.ts';
import { type ExplainNote, readExplainNotes } from './explain-notes.ts';
import type { Explainer } from './options.ts';

/** With more combinations the search would take seconds, so the question is refused. */
export const MOST_COMBINATIONS = 50_000;

/** What differs between two spans. `plan.against` is the time that was really compared with. */
export type ExplainedSpan = ReturnType<Explainer> & {
  plan: ExplainSumsPlan;
  /** Whether requests are counted in the usual time. */
  isCompared: boolean;
  notes: readonly ExplainNote[];
};

/**
 * Reads the counts of a plan and ranks what differs, for the API and the command alike. null when there are more than
 * `MOST_COMBINATIONS` combinations. Throws `StoreError`.
 */
export async function readExplanation(
  store: Store,
  plan: ExplainSumsPlan,
  explain: Explainer,
): Promise<ExplainedSpan | null> {
  const rows = await readExplainSums(store, plan, MOST_COMBINATIONS + 1);
  if (rows.length > MOST_COMBINATIONS) return null;
  const isCompared = rows.some((row) => row.usual_requests > 0);
  const compared = { ...plan, against: comparedTime(plan, rows) };
  const notes = await readExplainNotes(store, { ...compared, isCompared });
  return { ...explain(plan.by, rows), plan: compared, isCompared, notes };
}
