import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Role } from '../login.ts';
import { checked } from '../checked.ts';
import { BadParameter } from '../parameters.ts';
import { sendProblem } from '../problem.ts';
import type { QueryCache } from '../query-cache.ts';

/** One operation of the API. The same schemas describe it in the OpenAPI document and check what clients send. */
export interface ApiRoute<Query extends z.ZodObject = z.ZodObject, Body extends z.ZodType = z.ZodType> {
  method: 'GET' | 'POST';
  /** Path below `/api/v1`, with parameters in braces: `/incidents/{id}`. */
  path: string;
  /** One sentence that says what the operation answers or does. */
  summary: string;
  role: Role;
  query: Query;
  /** Only for POST. */
  body?: Body;
  /** Absent: JSON. */
  bodyType?: 'text/plain';
  /** Largest body in bytes, when it may exceed the server's limit. */
  bodyLimit?: number;
  answer: z.ZodType;
  /** Absent: JSON. */
  answerType?: 'text/event-stream';
  /**
   * Throws `BadParameter`, `NotFound`, `Unavailable`, or an error of the store. A `TextAnswer` or a stream is sent unchanged.
   */
  run(asked: CheckedRequest<Query, Body>): Promise<unknown>;
}

export interface CheckedRequest<Query extends z.ZodObject, Body extends z.ZodType> {
  query: z.infer<Query>;
  body: z.infer<Body>;
  /** Values of the parameters in the path. */
  path: Readonly<Record<string, string>>;
  /** What the client may do. */
  role: Role;
}

/**
 * Lets the compiler check that `run` fits the query and the body of the route. In a list of routes, the compiler would
 * not infer these types.
 */
export function route<Query extends z.ZodObject, Body extends z.ZodType = z.ZodNever>(
  one: ApiRoute<Query, Body>,
): ApiRoute {
  return one;
}

/** The requested thing does not exist. The message says where to find those that do. */
export class NotFound extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NotFound';
  }
}

/** The request cannot be answered now; the same request can succeed later. */
export class Unavailable extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Unavailable';
  }
}

/** An answer that is not JSON. */
export class TextAnswer {
  readonly type: string;
  readonly body: string;
  constructor(type: string, body: string) {
    this.type = type;
    this.body = body;
  }
}

/**
 * Adds routes below `/api/v1`. Equal questions at the same time share one answer, so the store is asked once; a POST clears
 * all shared answers. Unexpected errors go on to the server's error handler.
 */
export function addRoutes(app: FastifyInstance, routes: readonly ApiRoute[], shared: QueryCache): void {
  for (const one of routes) {
    app.route({
      method: one.method,
      url: `/api/v1${one.path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
      config: { role: one.role },
      // The answer to HEAD has no body, so nobody would ever read the stream and end it.
      exposeHeadRoute: one.answerType === undefined,
      ...(one.bodyLimit === undefined ? {} : { bodyLimit: one.bodyLimit }),
      handler: (request, reply) => answer(one, { request, reply, shared }),
    });
  }
}

/** What a client sent to a route, before its schemas have checked it. */
export interface UncheckedRequest {
  query: Readonly<Record<string, unknown>>;
  body?: unknown;
  path: Readonly<Record<string, string>>;
  /** Absent: `act`, because no token is asked for. */
  role?: Role | undefined;
}

/** Runs a route without HTTP, with the same checks. Throws as `run` does. */
export async function runRoute(
  one: ApiRoute,
  { query, body, path, role = 'act' }: UncheckedRequest,
): Promise<unknown> {
  return one.run({
    query: checked(one.query, listed(one.query, query)),
    body: one.body === undefined ? undefined : checked(one.body, body),
    path,
    role,
  });
}

interface Exchange {
  request: FastifyRequest;
  reply: FastifyReply;
  shared: QueryCache;
}

async function answer(one: ApiRoute, { request, reply, shared }: Exchange): Promise<FastifyReply> {
  const { query, body, params, role } = request;
  const path = params as Record<string, string>;
  const run = () => runRoute(one, { query: query as Record<string, unknown>, body, path, role });
  try {
    if (one.method === 'POST') {
      const said = await run().finally(() => shared.clear());
      return sendTagged(tagged(said), request, reply);
    }
    if (one.answerType !== undefined) return sendStream(await run(), one, reply);
    // An answer may say what its reader may do.
    const key = `${role ?? ''} ${request.url}`;
    return sendTagged(await shared.get(key, async () => tagged(await run())), request, reply);
  } catch (error) {
    if (error instanceof BadParameter) return sendProblem(reply, 400, 'bad_parameter', error.message);
    if (error instanceof Unavailable)
      return sendProblem(reply.header('retry-after', '10'), 503, 'busy', error.message);
    if (error instanceof NotFound) return sendProblem(reply, 404, 'not_found', error.message);
    throw error;
  }
}

function sendStream(stream: unknown, { answerType }: ApiRoute, reply: FastifyReply): FastifyReply {
  if (!(stream instanceof Readable)) throw new Error('a route that answers with a stream gave none');
  // Some proxies hold back small pieces of an answer. This header asks them to pass on each piece at once.
  reply.header('x-accel-buffering', 'no');
  return reply.type(answerType ?? 'application/octet-stream').send(stream);
}

interface Tagged {
  type: string;
  body: string;
  etag: string;
}

/** An answer with a tag that changes with its content. */
export function tagged(found: unknown): Tagged {
  const { type, body } =
    found instanceof TextAnswer
      ? found
      : new TextAnswer('application/json; charset=utf-8', JSON.stringify(found));
  return { type, body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` };
}

/** Sends an answer with its tag, or only 304 when the client already has this answer. */
export function sendTagged(
  { type, body, etag }: Tagged,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  reply.headers({ etag, 'cache-control': 'no-cache' });
  if (hasTag(request.headers['if-none-match'], etag)) return reply.code(304).send();
  return reply.type(type).send(body);
}

/** Whether `If-None-Match` contains the tag. A proxy that compresses answers marks tags as weak. Pure. */
export function hasTag(header: string | undefined, etag: string): boolean {
  return (header ?? '')
    .split(',')
    .some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === etag);
}

/** Turns the single value of a parameter that may be repeated into a list. */
function listed(query: z.ZodObject, given: UncheckedRequest['query']): Record<string, unknown> {
  const values = { ...given };
  for (const [name, type] of Object.entries(query.shape)) {
    if (typeof values[name] === 'string' && isList(type)) values[name] = [values[name]];
  }
  return values;
}

/** True for a parameter that may be repeated. */
export function isList(type: unknown): boolean {
  if (type instanceof z.ZodArray) return true;
  return (
    (type instanceof z.ZodOptional || type instanceof z.ZodDefault || type instanceof z.ZodPrefault) &&
    isList(type.unwrap())
  );
}
