import type { FastifyInstance } from 'fastify';
import { problem } from './problem.ts';

/** How one record was read; the shape that `faultline try --json` prints. */
export interface TriedRecord {
  format: string;
  outcome: { kind: 'counted' } | { kind: 'skipped' | 'dead'; reason: string; detail?: string };
  fields: readonly { field: string; value: unknown; from: readonly string[] }[];
  requests: readonly {
    class: string;
    title: string;
    rule: string;
    fault: string;
    retry: string;
    remedy: readonly string[];
    owner: string;
  }[];
  ignored: readonly string[];
  dropped: readonly string[];
}

/** The answer of `/api/try`: what would become of each record of a text, in its order. */
export interface TryAnswer {
  /** Lines, rows or JSON documents. */
  unit: string;
  records: readonly {
    outcome: TriedRecord['outcome'];
    records: readonly TriedRecord[];
    /** The beginning of what could not be read, redacted. */
    text: string;
  }[];
  /** Whether the text held more than were tried. */
  is_cut: boolean;
}

/** Reads a text as a worker would, without keeping any of it. Wired by the command: the console reads no records itself. */
export type TryText = (text: string) => Promise<TryAnswer>;

/** A record may have 1 MiB; a text for the page to show has no more. */
const LARGEST_BYTES = 1024 * 1024;

/** Adds `POST /api/try`: a text in, how it is read out; nothing of it is stored. */
export function addTry(app: FastifyInstance, tryText: TryText): void {
  app.post('/api/try', { bodyLimit: LARGEST_BYTES }, async (request, reply) => {
    // Another site can make a browser send this, although it cannot read the answer.
    if (request.headers['sec-fetch-site'] === 'cross-site')
      return reply.code(403).send(problem('foreign_site', 'this is for the page of this server'));
    const { body } = request;
    if (typeof body !== 'string' || body.trim() === '')
      return reply
        .code(400)
        .send(problem('bad_request', 'send the record as a text: Content-Type: text/plain, at most 1 MiB'));
    return tryText(body);
  });
}
