import type { Socket } from 'node:net';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';

/** The body of every answer that reports an error, as RFC 9457 defines it. */
export const problemDetails = z.strictObject({
  type: z.literal('about:blank'),
  title: z.string(),
  status: z.int(),
  /** One of a small set of codes, for programs. */
  code: z.string().meta({ description: 'From a small set, for programs.' }),
  detail: z.string().meta({ description: 'One line for people: what is wrong and what to do.' }),
});
export type ProblemDetails = z.infer<typeof problemDetails>;

const titles: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Not authorized',
  403: 'Forbidden',
  404: 'Not found',
  408: 'Request timeout',
  413: 'Too large',
  415: 'Unsupported media type',
  421: 'Misdirected request',
  429: 'Too many requests',
  431: 'Headers too large',
  500: 'Internal error',
  503: 'Not available now',
  504: 'No answer in time',
};

/** Sends a problem. `detail` is one line for people. */
export function sendProblem(reply: FastifyReply, status: number, code: string, detail: string): FastifyReply {
  return reply
    .code(status)
    .type(PROBLEM_TYPE)
    .send(problemOf(status, code, detail));
}

const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

function problemOf(status: number, code: string, detail: string): ProblemDetails {
  return { type: 'about:blank', title: titles[status] ?? 'Error', status, code, detail };
}

function byteProblem(code: string | undefined): ProblemDetails {
  if (code === 'HPE_HEADER_OVERFLOW')
    return problemOf(431, 'too_large', 'the headers are longer than 16 KiB; ask for less at once');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return problemOf(408, 'timeout', 'the request did not come in time');
  return problemOf(400, 'bad_request', 'this is not a request of HTTP/1.1');
}

/** Answers bytes that are not a request of HTTP. It writes to the socket, because fastify made no reply for them. */
export function refuseBytes(error: { code?: string }, socket: Socket): void {
  if (!socket.writable) return void socket.destroy();
  const problem = byteProblem(error.code);
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    `content-type: ${PROBLEM_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
