import type { FastifyInstance } from 'fastify';
import { accessRoute } from './access.ts';
import { catalogueRoutes } from './catalogue.ts';
import { dashboardsRoute } from './dashboards.ts';
import { deadLettersRoute } from './dead-letters.ts';
import { errorsRoute } from './errors.ts';
import { createQueryCache } from '../query-cache.ts';
import { createEventHub } from './event-hub.ts';
import { eventsRoute } from './events.ts';
import { explainRoute } from './explain.ts';
import { incidentRoutes } from './incidents.ts';
import { openApiOf } from './openapi.ts';
import type { V1Options } from './options.ts';
import { panelRoutes } from './panels.ts';
import { pipelineRoute } from './pipeline.ts';
import { addRoutes, type ApiRoute, sendTagged, tagged } from './route.ts';
import { silenceRoutes } from './silences.ts';
import { readStatus, statusRoute } from './status.ts';
import { trendsRoute } from './trends.ts';
import { tryRoute } from './try.ts';
import { valuesRoute } from './values.ts';

/** How long an answer is reused, ms; shorter than the time between two refreshes of the page. */
const KEEP_MS = 1_000;

/** Every operation below `/api/v1` except the stream of events. */
export function routesOf(options: V1Options): readonly ApiRoute[] {
  return [
    ...incidentRoutes(options),
    ...silenceRoutes(options),
    trendsRoute(options),
    explainRoute(options),
    errorsRoute(options),
    pipelineRoute(options),
    statusRoute(options),
    accessRoute(),
    ...catalogueRoutes(),
    dashboardsRoute(options),
    ...panelRoutes(options),
    valuesRoute(options),
    ...(options.replayLetters === undefined ? [] : [deadLettersRoute(options.replayLetters)]),
    ...(options.tryText === undefined ? [] : [tryRoute(options.tryText)]),
  ];
}

/** Adds `/api/v1` and the OpenAPI document that describes it. */
export function addApiV1(app: FastifyInstance, options: V1Options): void {
  const shared = createQueryCache(KEEP_MS, options.now);
  const hub = createEventHub({
    ...options,
    status: () => readStatus(options),
    changed: () => {
      shared.clear();
      options.cache?.clear();
    },
  });
  // A stream of events does not end by itself, so the hub ends all streams before the server waits for open
  // connections.
  app.addHook('preClose', async () => hub.close());
  const routes = [...routesOf(options), eventsRoute(hub)];
  addRoutes(app, routes, shared);
  const document = tagged(openApiOf(routes));
  app.get('/api/v1/openapi.json', (request, reply) => sendTagged(document, request, reply));
}
