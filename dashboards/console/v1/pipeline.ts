import { z } from 'zod';
import { readDeadLetters } from '../../../store/queries/dead-letters.ts';
import { readDroppedFields } from '../../../store/queries/dropped-fields.ts';
import { readIngestState } from '../../../store/queries/ingest-state.ts';
import { readLosses } from '../../../store/queries/losses.ts';
import { readFolded } from '../../../store/queries/names.ts';
import type { V1Options } from './options.ts';
import { route, type Route } from './route.ts';
import { iso, time } from './shared.ts';

const DAY = 86_400;
const DEAD_LETTERS = 50;

/** The answer of `/api/v1/pipeline`. */
export const pipelineAnswer = z.strictObject({
  source: z
    .strictObject({ name: z.string(), state: z.string(), detail: z.string(), records: z.number() })
    .nullable()
    .meta({ description: 'What this process reads itself; null: nothing.' }),
  partitions: z
    .array(
      z.strictObject({
        topic: z.string(),
        partition: z.number(),
        worker: z.string(),
        state: z.string(),
        reason: z.string().meta({ description: 'What keeps it from going on; empty: nothing.' }),
        next_offset: z.number(),
        behind: z.number().meta({ description: 'Records that are known to wait.' }),
        stored_until: time,
        said_at: time,
      }),
    )
    .meta({ description: 'What workers said of each partition within a day.' }),
  dead_letters: z.array(
    z.strictObject({
      topic: z.string(),
      partition: z.number(),
      offset: z.number(),
      part: z.number(),
      reason: z.string(),
      detail: z.string(),
      text: z.string().meta({ description: 'Its beginning, redacted.' }),
      at: time,
      counted_since: z.boolean(),
    }),
  ),
  dropped_fields: z
    .array(z.strictObject({ field: z.string(), records: z.number() }))
    .meta({ description: 'Fields of which nothing could be made in the last 24 hours.' }),
  folded: z
    .array(z.strictObject({ dimension: z.string(), requests: z.number() }))
    .meta({ description: 'Requests of the last 24 hours that are counted under (other).' }),
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
    .meta({ description: 'Records of the last 30 days that Kafka had deleted before they were read.' }),
});
export type PipelineAnswer = z.infer<typeof pipelineAnswer>;

/** The state of what brings the counts. */
export function pipelineRoute({ store, now, live }: V1Options): Route {
  return route({
    method: 'GET',
    path: '/pipeline',
    summary: 'Lag by partition, dead letters, fields that were left out, names that were folded, losses.',
    role: 'read',
    query: z.strictObject({}),
    answer: pipelineAnswer,
    async run(): Promise<PipelineAnswer> {
      const clock = now() / 1_000;
      const dead = { topic: '', reason: '', since: clock - 30 * DAY, limit: DEAD_LETTERS, open: false };
      const [state, letters, dropped, folded, losses] = await Promise.all([
        readIngestState(store),
        readDeadLetters(store, dead),
        readDroppedFields(store, 24),
        readFolded(store),
        readLosses(store, clock - 30 * DAY),
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
        dead_letters: letters.map(({ body, inserted_at, replayed, size: _size, ...rest }) => ({
          ...rest,
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
