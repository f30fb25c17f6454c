import type { Acknowledgement, Silence } from '../../../domain/attention.ts';
import type { Incident } from '../../../domain/incident.ts';
import type { Retention } from '../../../domain/retention.ts';
import type { StoredIncident } from '../../../store/queries/incidents.ts';
import type { Delivery } from '../../../store/queries/notifications.ts';
import type { ExplainSumsRow } from '../../../store/queries/explain-sums.ts';
import type { Store } from '../../../store/store.ts';
import type { Dashboard } from '../../panel.ts';
import type { LiveStatus } from '../live-status.ts';
import type { QueryCache } from '../query-cache.ts';
import type { ReplayLetters } from '../replay-letters.ts';
import type { TryText } from '../try.ts';

/** Ranks the parts of the traffic that fail more than usual. The analyzers implement it; the command passes it in. */
export type Explainer = <Dimension extends string>(
  dimensions: readonly Dimension[],
  rows: readonly ExplainSumsRow[],
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

/** Tells how an incident came about, oldest event first. The analyzers implement it; the command passes it in. */
export type Timeline = (
  last: Incident,
  parts: {
    versions: readonly StoredIncident[];
    deliveries: readonly Delivery[];
    acknowledgement: Acknowledgement | null;
    silences: readonly Silence[];
    related: readonly Incident[];
  },
) => { at: string; event: string; text: string; numbers: Readonly<Record<string, number>> }[];

/** What the routes of the API use. */
export interface V1Options {
  store: Store;
  /** The clock, epoch ms. */
  now: () => number;
  /** The present, epoch ms of event time. */
  present: () => number;
  retention: Retention;
  explain: Explainer;
  timeline: Timeline;
  dashboards: readonly Dashboard[];
  live?: (() => LiveStatus) | undefined;
  /** Absent: every request queries the store. */
  cache?: QueryCache;
  /** Called with one line about rows of the store that could not be read. */
  warn?: (message: string) => void;
  /** Shows how a text would be read; absent: the route does not exist. */
  tryText?: TryText | undefined;
  /** Reads dead letters again; absent: the route does not exist. */
  replayLetters?: ReplayLetters | undefined;
}
