import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { generate } from './generate.ts';
import { toLine } from './record.ts';
import { load } from './scenarios/load.ts';
import { writeLoad } from './write-load.ts';

test('writes exactly the lines of the generator, and returns their bytes and true counts', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'faultline-load-'));
  try {
    const path = join(directory, 'load.ndjson');
    const from = Date.UTC(2026, 2, 4);
    const written = await writeLoad(path, 5_000, { seed: 9, from });
    const text = await readFile(path, 'utf8');
    let expected = '';
    let lines = 0;
    for (const record of generate(load, { seed: 9, from, to: Number.POSITIVE_INFINITY })) {
      if (lines++ === 5_000) break;
      expected += `${toLine(record)}
`;
    }
    expect(text).toBe(expected);
    expect(written.bytes).toBe(Buffer.byteLength(text));
    expect(written.records).toBe(5_000);
    expect(Object.values(written.counts).reduce((sum, n) => sum + n, 0)).toBe(5_000);
  } finally {
    await rm(directory, { recursive: true });
  }
});
