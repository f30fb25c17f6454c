import { describe, expect, it } from 'vitest';
import { Batcher } from '../ingest/batcher.ts';
import { RawRecord } from '../ingest/sources/source.ts';
import { createRecordReader } from '../ingest/read-record.ts';
import { type Make, placesAt } from './fixtures/secrets/places.ts';
import { seededChance, testSeed } from './fixtures/seed.ts';
import { leakOf } from './fixtures/secrets/reveal.ts';
import { seedSecrets } from './fixtures/secrets/shapes.ts';

const ts = 1_795_392_000_000;
const now = ts + 60_000;
const places = placesAt(ts);
const secrets = seedSecrets(seededChance('secrets').next);
/** Secrets that cannot be recognised in this place, because their recognisable end is cut off. */
const unknowable = new Set(['a Mailchimp key in a line that is cut within the secret']);
const readers = new Map<string, ReturnType<typeof createRecordReader>>();

/** All rows that the messages add to the tables, as they are sent. */
function stored(make: Make, text: string): string {
  const { messages, format = 'auto', mapping = {} } = make(text);
  const key = `${format}${JSON.stringify(mapping)}`;
  const known = readers.get(key) ?? createRecordReader({ format, mapping });
  readers.set(key, known);
  const batcher = new Batcher({ topic: 't', partition: 0 }, 0, null, known);
  const records = messages.map((message, offset) => new RawRecord(offset, Buffer.from(message)));
  batcher.add(
    { topic: 't', partition: 0, from: 0, to: records.length, records, highWatermark: null },
    now,
    0,
  );
  batcher.close();
  const rows = batcher.closed.map(({ rows }) => rows.bodies());
  return rows
    .flatMap(({ counts, events, dead }) => [counts?.body, events, dead].map((part) => part?.toString() ?? ''))
    .join('\n');
}

describe(`no secret stands in a table (TEST_SEED=${testSeed}: ${secrets.length} shapes in ${Object.keys(places).length} places)`, () => {
  it.each(Object.entries(places))('when it was in: %s', (place, make) => {
    const leaks = secrets.flatMap(({ shape, text, secret }) => {
      if (unknowable.has(`${shape} in ${place}`)) return [];
      const rows = stored(make, text);
      const leak = leakOf(rows, secret);
      return leak === null ? [] : [`${shape} (${text}): ${leak} in ${rows.slice(0, 600)}`];
    });
    expect(leaks).toEqual([]);
  });
});
