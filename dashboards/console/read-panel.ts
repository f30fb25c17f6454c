import type { Store } from '../../store/store.ts';
import { completeUntil, expand } from '../expand.ts';
import type { Dashboard, Panel } from '../panel.ts';
import { type LiveStatus, presentOf } from './live-status.ts';
import { type PanelAnswer, panelData } from './panel-answer.ts';
import { panelParameters, type PanelQuery } from './parameters.ts';
import type { QueryCache } from './query-cache.ts';
import type { TimeRange } from './time-range.ts';

export interface PanelSource {
  store: Store;
  now: () => number;
  dashboards: readonly Dashboard[];
  live?: (() => LiveStatus) | undefined;
  cache: QueryCache;
}

/**
 * Reads the numbers of a panel by its slug; null when there is no such panel. Throws `BadParameter` and `StoreError`.
 */
export type ReadPanel = (slug: string, asked: PanelQuery) => Promise<PanelAnswer | null>;

/**
 * Reads the panels of dashboards. The dashboard about one incident is left out, because its panels need an incident.
 */
export function createPanelReader({ store, now, dashboards, live, cache }: PanelSource): ReadPanel {
  const panels = new Map<string, Panel>();
  for (const { rows, about } of dashboards) {
    if (about === undefined)
      for (const row of rows) for (const panel of row.panels) panels.set(panel.slug, panel);
  }

  /** Up to when the range is completely counted, epoch seconds; the end of the range if the source has ended. */
  const completeOf = async ({ to }: TimeRange, present: number): Promise<number> => {
    if (live?.().state === 'finished') return to;
    const [newest] = await cache.get('newest', () => store.query<{ ts: number }>(NEWEST));
    const seconds = Math.floor(present / 1_000);
    return completeUntil(Math.min(to, seconds), newest?.ts ?? 0, seconds);
  };

  return async (slug, asked) => {
    const panel = panels.get(slug);
    if (panel === undefined) return null;
    const present = presentOf(live?.(), now());
    const { range, filters } = panelParameters(asked, present, panel);
    // Panels ask for `<= to`, but the end of the range belongs to the next step, so one second is taken off.
    const complete = await completeOf(range, present);
    const { sql, params } = expand(panel.sql, { ...range, to: range.to - 1, filters, complete });
    const rows = await cache.get(`${slug} ${JSON.stringify([range, filters, complete])}`, () =>
      store.query<Record<string, unknown>>(sql, params),
    );
    return { slug, ...range, ...panelData(panel, rows, range, complete) };
  };
}

const NEWEST = 'SELECT toUnixTimestamp(max(ts)) AS ts FROM request_counts_1m';
