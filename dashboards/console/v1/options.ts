import type { Retention } from '../../../domain/retention.ts';
import type { ScopeSumsRow } from '../../../store/queries/scope-sums.ts';
import type { Store } from '../../../store/store.ts';
import type { Dashboard } from '../../panel.ts';
import type { LiveStatus } from '../live-status.ts';

/** Ranks the parts of the traffic that fail more than usual. The analyzers' own; wired by the command. */
export type Explainer = <Dimension extends string>(
  dimensions: readonly Dimension[],
  rows: readonly ScopeSumsRow[],
) => {
  total: { requests: number; failures: number; expected: number; excess: number };
  scopes: readonly {
    scope: Partial<Record<Dimension, string>>;
    requests: number;
    failures: number;
    expected: number;
    excess: number;
    share: number | null;
  }[];
};

/** What the routes of the API need. */
export interface V1Options {
  store: Store;
  /** The clock, epoch ms. */
  now: () => number;
  /** Event time that counts as now, epoch ms. */
  present: () => number;
  retention: Retention;
  explain: Explainer;
  dashboards: readonly Dashboard[];
  live?: (() => LiveStatus) | undefined;
}
