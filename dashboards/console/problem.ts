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
  413: 'Too large',
  415: 'Unsupported media type',
  421: 'Misdirected request',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Not available now',
  504: 'No answer in time',
};

/** Sends a problem. `detail` is one line for people. */
export function sendProblem(reply: FastifyReply, status: number, code: string, detail: string): FastifyReply {
  const body: ProblemDetails = {
    type: 'about:blank',
    title: titles[status] ?? 'Error',
    status,
    code,
    detail,
  };
  return reply.code(status).type('application/problem+json; charset=utf-8').send(body);
}
