import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { errorClasses, type ErrorFacts, requestClassNames } from '../../domain/error-class.ts';
import { type Incident, responsible } from '../../domain/incident.ts';
import { incidentKinds, type KindFacts } from '../../domain/incident-kind.ts';
import type { Store } from '../../store/store.ts';
import { type Dashboard, type FilterVariable, filterVariables, type Panel } from '../panel.ts';
import { listIncidents } from './incident-rows.ts';
import { type LiveStatus, presentOf, type StatusAnswer } from './live-status.ts';
import type { PanelAnswer } from './panel-answer.ts';
import { incidentParameters, parsePanelQuery, rangeParameters } from './parameters.ts';
import { sendProblem } from './problem.ts';
import { createPanelReader } from './read-panel.ts';
import type { QueryCache } from './query-cache.ts';

export interface ApiOptions {
  store: Store;
  now: () => number;
  dashboards: readonly Dashboard[];
  live?: (() => LiveStatus) | undefined;
  cache: QueryCache;
  warn: (message: string) => void;
}

/** A dashboard without its SQL, for the layout of the page. */
export interface DashboardAnswer {
  uid: string;
  title: string;
  question: string;
  rows: { title: string; panels: Omit<Panel, 'sql'>[] }[];
}

/** One class of the taxonomy as `/api/classes` shows it. */
export type ClassAnswer = { name: string } & ErrorFacts;

/** The answer of `/api/kinds`: facts about the kinds of incidents, and titles of the parties who must act. */
export interface KindsAnswer {
  kinds: Readonly<Record<string, KindFacts>>;
  parties: Readonly<Record<string, string>>;
}

/** The answer of `/api/incidents`: open incidents first, then the newest. */
export interface IncidentsAnswer {
  incidents: Incident[];
}

/** Values that occur in a range, by dimension. The page offers them as filters. */
export type FiltersAnswer = Record<FilterVariable, string[]>;

/** Adds the routes under /api. A wrong parameter throws `BadParameter`, a failure of the store `StoreError`. */
export function addApi(app: FastifyInstance, options: ApiOptions): void {
  const { store, now, live, cache, warn } = options;
  // The page shows incidents in a place of their own, so the dashboard about one incident is left out.
  const dashboards = options.dashboards.filter(({ about }) => about === undefined);
  const readPanel = createPanelReader({ store, now, dashboards, live, cache });
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
      listIncidents(store, wanted),
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

  get('/api/panels/:slug', async (request, reply): Promise<PanelAnswer | FastifyReply> => {
    const { slug } = request.params as { slug: string };
    const answer = await readPanel(slug, parsePanelQuery(request.query));
    if (answer !== null) return answer;
    const message = `there is no panel ${slug.slice(0, 64)}; /api/dashboards lists them`;
    return sendProblem(reply, 404, 'no_such_panel', message);
  });
}

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
