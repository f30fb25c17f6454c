import { z } from 'zod';
import { isWholeLetter } from '../../../domain/dead-letter.ts';
import { readDeadLetters } from '../../../store/queries/dead-letters.ts';
import { readDroppedFields } from '../../../store/queries/dropped-fields.ts';
import { readIngestState } from '../../../store/queries/ingest-state.ts';
import { readLosses } from '../../../store/queries/losses.ts';
import { readFolded } from '../../../store/queries/names.ts';
import { type LedgerSum, readBrokenLinks, readLedgerSums } from '../../../store/queries/reconcile.ts';
import { createQueryCache } from '../query-cache.ts';
import type { V1Options } from './options.ts';
import { route, type ApiRoute } from './route.ts';
import { iso, time } from './query-parts.ts';

const DAY = 86_400;
const DEAD_LETTERS = 50;

/** How long an answer of the ledger is reused, ms. */
const LEDGER_MS = 30_000;
const MOST_BROKEN = 20;

/** The answer of `/api/v1/pipeline`. */
export const pipelineAnswer = z.strictObject({
  source: z
    .strictObject({ name: z.string(), state: z.string(), detail: z.string(), records: z.number() })
    .nullable()
    .meta({ description: 'What this process itself reads; null: nothing.' }),
  partitions: z
    .array(
      z.strictObject({
        topic: z.string(),
        partition: z.number(),
        worker: z.string(),
        state: z.string(),
        reason: z.string().meta({ description: 'What keeps the worker from going on; empty: nothing.' }),
        next_offset: z.number(),
        behind: z.number().meta({ description: 'Records that are known to wait in Kafka.' }),
        stored_until: time,
        said_at: time,
      }),
    )
    .meta({ description: 'The newest report of a worker on each partition, at most a day old.' }),
  topics: z
    .array(
      z.strictObject({
        topic: z.string(),
        partitions: z.number(),
        counted: z.number(),
        failed: z.number().meta({ description: 'How many of the counted requests failed.' }),
        skipped: z.number(),
        dead: z.number(),
      }),
    )
    .meta({
      description: 'Topics and files that were read in the last 24 hours, and what became of their records.',
    }),
  broken: z
    .array(
      z.strictObject({
        topic: z.string(),
        partition: z.number(),
        kind: z.string(),
        from: z.number(),
        to: z.number(),
      }),
    )
    .meta({
      description:
        'Batches of the last 24 hours that do not follow each other, do not add up, or record a loss. `faultline reconcile` compares everything.',
    }),
  dead_letters: z.array(
    z.strictObject({
      topic: z.string(),
      partition: z.number(),
      offset: z.number(),
      part: z.number(),
      reason: z.string(),
      detail: z.string(),
      text: z.string().meta({ description: 'Start of the record, redacted.' }),
      at: time,
      counted_since: z.boolean(),
      whole: z
        .boolean()
        .meta({ description: 'Whether its whole text is stored, without which it cannot be counted.' }),
    }),
  ),
  dropped_fields: z
    .array(z.strictObject({ field: z.string(), records: z.number() }))
    .meta({ description: 'Fields that were left out as unreadable in the last 24 hours.' }),
  folded: z
    .array(z.strictObject({ dimension: z.string(), requests: z.number() }))
    .meta({ description: 'Requests of the last 24 hours that were counted as (other).' }),
  losses: z
    .array(
      z.strictObject({
        topic: z.string(),
        partition: z.number(),
        from: z.number(),
        to: z.number(),
        at: time,
      }),
    )
    .meta({ description: 'Records that Kafka deleted before they were read, in the last 30 days.' }),
});
export type PipelineAnswer = z.infer<typeof pipelineAnswer>;

/** The state of the pipeline: what is read, what waits, and what could not be counted. */
export function pipelineRoute({ store, now, live }: V1Options): ApiRoute {
  const ledger = createQueryCache(LEDGER_MS, now);
  return route({
    method: 'GET',
    path: '/pipeline',
    summary:
      'Lag by partition, dead letters, fields that were left out, requests that were counted as (other), losses.',
    role: 'read',
    query: z.strictObject({}),
    answer: pipelineAnswer,
    async run(): Promise<PipelineAnswer> {
      const clock = now() / 1_000;
      const dead = { topic: '', reason: '', since: clock - 30 * DAY, limit: DEAD_LETTERS };
      const [state, letters, dropped, folded, losses, sums, broken] = await Promise.all([
        readIngestState(store),
        readDeadLetters(store, dead),
        readDroppedFields(store, 24),
        readFolded(store),
        readLosses(store, clock - 30 * DAY),
        ledger.get('sums', () => readLedgerSums(store, Math.floor(clock - DAY))),
        ledger.get('broken', () => readBrokenLinks(store, Math.floor(clock - DAY))),
      ]);
      const own = live?.() ?? null;
      return {
        source:
          own === null
            ? null
            : { name: own.source, state: own.state, detail: own.detail, records: own.records },
        partitions: state.partitions.map((one) => ({
          topic: one.topic,
          partition: one.partition,
          worker: one.worker,
          state: one.state,
          reason: one.reason,
          next_offset: one.next_offset,
          behind: one.behind,
          stored_until: iso(one.stored_until),
          said_at: iso(one.at),
        })),
        topics: topicsOf(sums),
        broken: broken
          .slice(0, MOST_BROKEN)
          .map(({ topic, partition, kind, from, to }) => ({ topic, partition, kind, from, to })),
        dead_letters: letters.map(({ body, inserted_at, replayed, size, ...rest }) => ({
          ...rest,
          whole: isWholeLetter({ body, size }),
          text: body.slice(0, 500),
          at: iso(inserted_at),
          counted_since: replayed === 1,
        })),
        dropped_fields: dropped,
        folded,
        losses: losses.map((loss) => ({ ...loss, at: iso(loss.at) })),
      };
    },
  });
}

function topicsOf(sums: readonly LedgerSum[]): PipelineAnswer['topics'] {
  // A topic that was deleted and created again has one sum per incarnation.
  const names = [...new Set(sums.map(({ topic }) => topic))];
  return names.map((topic) => {
    const own = sums.filter((one) => one.topic === topic);
    const sum = (of: (one: LedgerSum) => number): number => own.reduce((total, one) => total + of(one), 0);
    return {
      topic,
      partitions: new Set(own.map(({ partition }) => partition)).size,
      counted: sum(({ counted }) => counted),
      failed: sum(({ failed }) => failed),
      skipped: sum(({ skipped }) => skipped),
      dead: sum(({ dead }) => dead),
    };
  });
}
