import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { errorClasses, type ErrorFacts, requestClassNames } from '../../domain/error-class.ts';
import { type Incident, responsible } from '../../domain/incident.ts';
import { incidentKinds, type KindFacts } from '../../domain/incident-kind.ts';
import type { Store } from '../../store/store.ts';
import { completeUntil, expand } from '../expand.ts';
import { type Dashboard, type FilterVariable, filterVariables, type Panel } from '../panel.ts';
import { readIncidents } from './incident-rows.ts';
import { type LiveStatus, presentOf, type StatusAnswer } from './live-status.ts';
import { type PanelAnswer, panelData } from './panel-answer.ts';
import { incidentParameters, panelParameters, rangeParameters } from './parameters.ts';
import { createQueryCache } from './query-cache.ts';
import type { TimeRange } from './time-range.ts';

export interface ApiOptions {
  store: Store;
  now: () => number;
  dashboards: readonly Dashboard[];
  live?: (() => LiveStatus) | undefined;
  warn: (message: string) => void;
}

/** A dashboard without its SQL, as the page lays it out. */
export interface DashboardAnswer {
  uid: string;
  title: string;
  question: string;
  rows: { title: string; panels: Omit<Panel, 'sql'>[] }[];
}

/** One class of the taxonomy as `/api/classes` shows it. */
export type ClassAnswer = { name: string } & ErrorFacts;

/** The answer of `/api/kinds`: the words for kinds of incidents and for who must act, or whose fault a class is. */
export interface KindsAnswer {
  kinds: Readonly<Record<string, KindFacts>>;
  parties: Readonly<Record<string, string>>;
}

/** The answer of `/api/incidents`: open ones first, then the latest. */
export interface IncidentsAnswer {
  incidents: Incident[];
}

/** Values that occur in a range, by dimension: what the page offers to filter by. */
export type FiltersAnswer = Record<FilterVariable, string[]>;

/** How long an answer of the store is shown again, in milliseconds: less than the page's refresh. */
const KEEP_MS = 1_000;

/** Adds the routes under /api. Bad parameters throw `BadParameter`, trouble with the store `StoreError`. */
export function addApi(app: FastifyInstance, options: ApiOptions): void {
  const { store, now, live, warn } = options;
  // Incidents have a place of their own on the page.
  const dashboards = options.dashboards.filter(({ about }) => about === undefined);
  const cache = createQueryCache(KEEP_MS, now);
  const panels = new Map<string, Panel>();
  for (const { rows } of dashboards) {
    for (const row of rows) for (const panel of row.panels) panels.set(panel.slug, panel);
  }
  const get = (url: string, handler: (request: FastifyRequest, reply: FastifyReply) => unknown): void => {
    app.route({ method: 'GET', url, handler });
  };
  const present = (): number => presentOf(live?.(), now());

  get('/api/dashboards', (): DashboardAnswer[] => dashboards.map(withoutSql));

  get('/api/classes', (): ClassAnswer[] =>
    requestClassNames.map((name) => ({ name, ...errorClasses[name] })),
  );

  get('/api/kinds', (): KindsAnswer => ({ kinds: incidentKinds, parties: responsible }));

  get('/api/status', async (): Promise<StatusAnswer> => {
    const [span] = await cache.get('span', () => store.query<{ oldest: number; newest: number }>(SPAN));
    const filled = span !== undefined && span.newest > 0;
    return {
      live: live?.() ?? null,
      present: present(),
      clock: now(),
      oldest: filled ? span.oldest * 1_000 : null,
      newest: filled ? span.newest * 1_000 : null,
    };
  });

  get('/api/incidents', async (request): Promise<IncidentsAnswer> => {
    const wanted = incidentParameters(request.query);
    const { incidents, unreadable } = await cache.get(`incidents ${JSON.stringify(wanted)}`, () =>
      readIncidents(store, wanted),
    );
    if (unreadable.length > 0) warn(`table incidents: cannot read ${unreadable.join(', ')}; left out`);
    return { incidents };
  });

  get('/api/filters', async (request): Promise<FiltersAnswer> => {
    const { from, to } = rangeParameters(request.query, present());
    const rows = await cache.get(`filters ${from} ${to}`, () =>
      store.query<Record<FilterVariable, string[]>>(VALUES, { from, to }),
    );
    return rows[0] ?? { provider: [], org: [], project: [], model: [] };
  });

  get('/api/panels/:slug', async (request, reply): Promise<PanelAnswer> => {
    const { slug } = request.params as { slug: string };
    const panel = panels.get(slug);
    if (panel === undefined) {
      const message = `panel ${slug.slice(0, 64)}: there is none; /api/dashboards lists them`;
      return reply.code(404).send({ error: { code: 'no_such_panel', message } });
    }
    const { range, filters } = panelParameters(request.query, present(), panel);
    // Panels ask for `<= to`, and the end of the range belongs to the next step.
    const complete = await completeOf(range);
    const { sql, params } = expand(panel.sql, { ...range, to: range.to - 1, filters, complete });
    const rows = await cache.get(`${slug} ${JSON.stringify([range, filters, complete])}`, () =>
      store.query<Record<string, unknown>>(sql, params),
    );
    return { slug, ...range, ...panelData(panel, rows, range, complete) };
  });

  /** Up to when the intervals of a range have been counted: wholly, where the source has ended. */
  async function completeOf({ to }: TimeRange): Promise<number> {
    if (live?.().state === 'finished') return to;
    const [newest] = await cache.get('newest', () => store.query<{ ts: number }>(NEWEST));
    const seconds = Math.floor(present() / 1_000);
    return completeUntil(Math.min(to, seconds), newest?.ts ?? 0, seconds);
  }
}

const NEWEST = 'SELECT toUnixTimestamp(max(ts)) AS ts FROM request_counts_1m';

const SPAN = `
SELECT toUnixTimestamp(min(ts)) AS oldest, toUnixTimestamp(max(ts)) AS newest FROM request_counts_1m`;

const VALUES = `
SELECT ${filterVariables.map((name) => `arraySort(groupUniqArrayIf(200)(${name}, ${name} != '')) AS ${name}`).join(', ')}
FROM request_counts_1m
WHERE ts >= toDateTime({from:Int64}, 'UTC') AND ts < toDateTime({to:Int64}, 'UTC')`;

function withoutSql({ uid, title, question, rows }: Dashboard): DashboardAnswer {
  return {
    uid,
    title,
    question,
    rows: rows.map((row) => ({ title: row.title, panels: row.panels.map(shown) })),
  };
}

function shown(panel: Panel): Omit<Panel, 'sql'> {
  return Object.fromEntries(Object.entries(panel).filter(([name]) => name !== 'sql')) as Omit<Panel, 'sql'>;
}
