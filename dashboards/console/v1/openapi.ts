import { z } from 'zod';
import { problemDetails } from '../problem.ts';
import type { ApiRoute } from './route.ts';

/** Builds the OpenAPI 3.1 document of the routes. Pure. */
export function openApiOf(routes: readonly ApiRoute[]): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const one of routes) {
    const path = (paths[`/api/v1${one.path}`] ??= {});
    path[one.method.toLowerCase()] = operationOf(one);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'faultline',
      version: '1',
      description:
        'Failures of LLM API requests by class, and incidents with their remedies. Times are ISO-8601 in UTC.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      schemas: { Problem: schemaOf(problemDetails, 'output') },
    },
    // The empty entry means that a request may come without a token: a console can be set up without one.
    security: [{}, { bearer: [] }],
  };
}

function operationOf(one: ApiRoute): Record<string, unknown> {
  const names = [...one.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
  return {
    operationId: operationId(one),
    summary: one.summary,
    tags: [one.role],
    parameters: [
      ...names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
      ...queryParameters(one),
    ],
    ...(one.body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { [one.bodyType ?? 'application/json']: { schema: schemaOf(one.body, 'input') } },
          },
        }),
    responses: {
      200: {
        description: 'The answer.',
        content: { [one.answerType ?? 'application/json']: { schema: schemaOf(one.answer, 'output') } },
      },
      default: {
        description: 'What is wrong, in one line.',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

function operationId({ method, path }: ApiRoute): string {
  const words = path.split('/').filter(Boolean);
  return [method.toLowerCase(), ...words.map((word) => word.replaceAll(/\W/g, ''))].join('_');
}

function queryParameters({ query }: ApiRoute): object[] {
  return Object.entries(query.shape).map(([name, type]) => {
    const { description, ...schema } = schemaOf(type as z.ZodType, 'input') as { description?: string };
    return {
      name,
      in: 'query',
      required: false,
      ...(description === undefined ? {} : { description }),
      schema,
    };
  });
}

function schemaOf(type: z.ZodType, io: 'input' | 'output'): object {
  const { $schema: _schema, ...schema } = z.toJSONSchema(type, { io, target: 'draft-2020-12' });
  return schema;
}
