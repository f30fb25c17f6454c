import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { settingsSchema } from '../domain/settings.ts';
import { createRecordReader } from '../ingest/read-record.ts';
import { judgeAgain, judgeStored } from '../ingest/reclassify/judge-again.ts';
import { BatchRows } from '../ingest/rows/batch-rows.ts';
import { dimensionSets } from '../ingest/rows/dimension-sets.ts';
import { failureOf } from '../ingest/rows/judged-error.ts';
import { storedError } from '../store/queries/reclassify-events.ts';

interface Sample {
  status: number | null;
  body: string;
  headers?: Record<string, string>;
  provider?: string;
}

const samples = ['errors', 'variants', 'vendors'].flatMap((name) =>
  readFileSync(new URL(`corpus/${name}.jsonl`, import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Sample),
);
const reader = createRecordReader(settingsSchema.parse({}));
const NOW = 1_795_392_000_000;

/** The body as a text, and parsed if it is JSON, because logs contain both forms. */
function errorsOf({ body }: Sample): unknown[] {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? [body, parsed] : [body];
  } catch {
    return [body];
  }
}

test('a stored error is judged as the original error was', () => {
  let judged = 0;
  const otherwise: unknown[] = [];
  for (const sample of samples)
    for (const error of errorsOf(sample)) {
      const { provider, status, headers } = sample;
      const line = JSON.stringify({ ts: NOW, provider, status, headers, error });
      const decoded = reader.decode(Buffer.from(line), NOW, NOW);
      if (decoded.kind !== 'ok') throw new Error(`not decoded: ${line}`);
      for (const record of decoded.records) {
        const failure = failureOf(record);
        if (failure === null) continue;
        const rows = new BatchRows();
        const at = { topic: 't', partition: 0, offset: judged, part: 0 };
        rows.add(record, dimensionSets.of(record), failure, at);
        const row = rows.bodies().events?.toString().trimEnd() ?? '';
        judged++;
        const verdict = judgeAgain(storedError(row, record.headers ?? {}), judgeStored);
        if (verdict.kind !== 'same') otherwise.push({ verdict, was: failure.classification, line });
      }
    }
  expect(judged).toBeGreaterThan(1_000);
  expect(otherwise).toEqual([]);
});
