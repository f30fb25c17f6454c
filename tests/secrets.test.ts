import { describe, expect, it } from 'vitest';
import { Gather } from '../ingest/gather.ts';
import { RawRecord } from '../ingest/sources/source.ts';
import { createSteps } from '../ingest/steps.ts';
import { type Make, placesAt } from './fixtures/secrets/places.ts';
import { seededChance, testSeed } from './fixtures/seed.ts';
import { leakOf } from './fixtures/secrets/reveal.ts';
import { seedSecrets } from './fixtures/secrets/shapes.ts';

const ts = 1_795_392_000_000;
const now = ts + 60_000;
const places = placesAt(ts);
const secrets = seedSecrets(seededChance('secrets').next);
/** Without its end nothing gives it away. */
const unknowable = new Set(['a Mailchimp key in a line that is cut within the secret']);
const steps = new Map<string, ReturnType<typeof createSteps>>();

/** All rows that the messages add to the tables, as they are sent. */
function stored(make: Make, text: string): string {
  const { messages, format = 'auto', mapping = {} } = make(text);
  const key = `${format}${JSON.stringify(mapping)}`;
  const known = steps.get(key) ?? createSteps({ format, mapping });
  steps.set(key, known);
  const gather = new Gather({ topic: 't', partition: 0 }, 0, null, known);
  const records = messages.map((message, offset) => new RawRecord(offset, Buffer.from(message)));
  gather.add({ topic: 't', partition: 0, from: 0, to: records.length, records, highWatermark: null }, now, 0);
  gather.close();
  const rows = gather.closed.map(({ fold }) => fold.rows());
  return rows
    .flatMap(({ counts, events, dead }) => [counts?.body, events, dead].map((part) => part?.toString() ?? ''))
    .join('\n');
}

describe(`no secret stands in a table (TEST_SEED=${testSeed}: ${secrets.length} shapes in ${Object.keys(places).length} places)`, () => {
  it.each(Object.entries(places))('when it stood in: %s', (place, make) => {
    const leaks = secrets.flatMap(({ shape, text, secret }) => {
      if (unknowable.has(`${shape} in ${place}`)) return [];
      const rows = stored(make, text);
      const leak = leakOf(rows, secret);
      return leak === null ? [] : [`${shape} (${text}): ${leak} in ${rows.slice(0, 600)}`];
    });
    expect(leaks).toEqual([]);
  });
});
