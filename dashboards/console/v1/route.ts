import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { BadParameter } from '../parameters.ts';

/** Which of two rights a route needs: to look, or to change what people said of incidents. */
export type Role = 'read' | 'act';

/** One operation of the API. The document that describes it and the check of what is sent come from the same schemas. */
export interface Route<Query extends z.ZodObject = z.ZodObject, Body extends z.ZodType = z.ZodType> {
  method: 'GET' | 'POST';
  /** Below `/api/v1`, with names in braces: `/incidents/{id}`. */
  path: string;
  /** What it answers, in one sentence. */
  summary: string;
  role: Role;
  query: Query;
  /** Of a POST. */
  body?: Body;
  answer: z.ZodType;
  /** Throws `BadParameter`, `NotFound`, or an error of the store. A `Text` is sent as it is. */
  run(asked: Asked<Query, Body>): Promise<unknown>;
}

export interface Asked<Query extends z.ZodObject, Body extends z.ZodType> {
  query: z.infer<Query>;
  body: z.infer<Body>;
  /** Values of the names in the path. */
  path: Readonly<Record<string, string>>;
}

/** Keeps the types of query and body together, which a list of routes of several types cannot. */
export function route<Query extends z.ZodObject, Body extends z.ZodType = z.ZodNever>(
  one: Route<Query, Body>,
): Route {
  return one;
}

/** What was asked for does not exist; the message says what does. */
export class NotFound extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NotFound';
  }
}

/** An answer that is no JSON. */
export class Text {
  readonly type: string;
  readonly body: string;
  constructor(type: string, body: string) {
    this.type = type;
    this.body = body;
  }
}

/** The body of every answer that is no success, as RFC 9457 has it. */
export interface ProblemDetails {
  type: 'about:blank';
  title: string;
  status: number;
  /** One line for people: what is wrong and what to do. */
  detail: string;
}

const titles: Readonly<Record<number, string>> = {
  400: 'Bad request',
  403: 'Forbidden',
  404: 'Not found',
  415: 'Unsupported media type',
  500: 'Internal error',
  503: 'Store not available',
};

/** Sends a problem. */
export function sendProblem(reply: FastifyReply, status: number, detail: string): FastifyReply {
  const body: ProblemDetails = { type: 'about:blank', title: titles[status] ?? 'Error', status, detail };
  return reply.code(status).type('application/problem+json; charset=utf-8').send(body);
}

/** Adds routes below `/api/v1`. Unforeseen errors are thrown on, to the handler of the server. */
export function addRoutes(app: FastifyInstance, routes: readonly Route[]): void {
  for (const one of routes) {
    app.route({
      method: one.method,
      url: `/api/v1${one.path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
      config: { role: one.role },
      handler: (request, reply) => answer(one, request, reply),
    });
  }
}

/** What was sent to a route, before its schemas have looked at it. */
export interface Given {
  query: Readonly<Record<string, unknown>>;
  body?: unknown;
  path: Readonly<Record<string, string>>;
}

/** The answer of a route without HTTP: what is given is checked as if it had come by it. Throws as `run` does. */
export async function runRoute(one: Route, { query, body, path }: Given): Promise<unknown> {
  return one.run({
    query: parsed(one.query, listed(one.query, query)),
    body: one.body === undefined ? undefined : parsed(one.body, body),
    path,
  });
}

async function answer(one: Route, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  // Another site can make a browser send this, although it cannot read the answer.
  if (one.method === 'POST' && request.headers['sec-fetch-site'] === 'cross-site')
    return sendProblem(reply, 403, 'this is for pages of this server and for programs');
  try {
    const { query, body, params } = request;
    const path = params as Record<string, string>;
    const found = await runRoute(one, { query: query as Record<string, unknown>, body, path });
    if (found instanceof Text) return reply.type(found.type).send(found.body);
    return sendTagged(JSON.stringify(found), request, reply);
  } catch (error) {
    if (error instanceof BadParameter) return sendProblem(reply, 400, error.message);
    if (error instanceof NotFound) return sendProblem(reply, 404, error.message);
    throw error;
  }
}

/** The answer with its tag; nothing but 304 where the asker has just this. */
function sendTagged(body: string, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  reply.headers({ etag, 'cache-control': 'no-cache' });
  if (request.headers['if-none-match'] === etag) return reply.code(304).send();
  return reply.type('application/json; charset=utf-8').send(body);
}

/** A parameter that may be given several times is a list also when it is given once. */
function listed(query: z.ZodObject, given: Given['query']): Record<string, unknown> {
  const values = { ...given };
  for (const [name, type] of Object.entries(query.shape)) {
    if (typeof values[name] === 'string' && isList(type)) values[name] = [values[name]];
  }
  return values;
}

/** True for a parameter that may be given several times. */
export function isList(type: unknown): boolean {
  if (type instanceof z.ZodArray) return true;
  return (
    (type instanceof z.ZodOptional || type instanceof z.ZodDefault || type instanceof z.ZodPrefault) &&
    isList(type.unwrap())
  );
}

/** What a schema makes of what was given. Throws `BadParameter` with one line that names the place. */
export function parsed<Type extends z.ZodType>(type: Type, given: unknown): z.infer<Type> {
  const result = type.safeParse(given);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  if (issue === undefined) throw new BadParameter('the request cannot be read');
  if (issue.code === 'unrecognized_keys') throw new BadParameter(`${issue.keys[0]}: no such parameter here`);
  const place = issue.path.length === 0 ? 'body' : issue.path.join('.');
  throw new BadParameter(`${place}: ${issue.message}`);
}
