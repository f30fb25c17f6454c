import type { FastifyInstance } from 'fastify';
import { catalogueRoutes } from './catalogue.ts';
import { errorsRoute } from './errors.ts';
import { explainRoute } from './explain.ts';
import { incidentRoutes } from './incidents.ts';
import { openApiOf } from './openapi.ts';
import type { V1Options } from './options.ts';
import { pipelineRoute } from './pipeline.ts';
import { addRoutes, type Route } from './route.ts';
import { silenceRoutes } from './silences.ts';
import { trendsRoute } from './trends.ts';

/** Every operation below `/api/v1`. */
export function routesOf(options: V1Options): readonly Route[] {
  return [
    ...incidentRoutes(options),
    ...silenceRoutes(options),
    trendsRoute(options),
    explainRoute(options),
    errorsRoute(options),
    pipelineRoute(options),
    ...catalogueRoutes(options),
  ];
}

/** Adds `/api/v1` and the document that describes it. */
export function addApiV1(app: FastifyInstance, options: V1Options): void {
  const routes = routesOf(options);
  addRoutes(app, routes);
  const document = openApiOf(routes);
  app.get('/api/v1/openapi.json', () => document);
}
