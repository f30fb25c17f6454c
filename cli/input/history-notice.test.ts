import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { defaultRetention, toRetention } from '../../domain/retention.ts';
import { historyNotice, readSpan } from './history-notice.ts';

const now = Date.parse('2026-11-27T12:00:00Z');
const march = { first: Date.parse('2026-03-01T00:00:00Z'), last: Date.parse('2026-03-31T23:59:00Z') };
const kept = toRetention(defaultRetention);
const options = { format: 'auto', mapping: {} } as const;

describe('an import of a history', () => {
  test('has a notice with its first and last time, and how long each table keeps it', () => {
    expect(historyNotice('march.ndjson', march, kept, now)).toBe(
      'march.ndjson holds requests from 2026-03-01 00:00 to 2026-03-31 23:59 UTC: they are kept from this import on, counts per 10 s until 2026-12-04, counts per minute until 2027-02-25, counts per hour until 2029-11-26, failures until 2026-12-27, incidents until 2027-11-27, then they are dropped (clickhouse.retention)',
    );
  });

  test('has no notice when everything is fresh, or kept for ever', () => {
    expect(historyNotice('today.ndjson', { first: now - 3_600_000, last: now }, kept, now)).toBeNull();
    const never = { ...kept, request_counts: null, request_counts_1m: null, request_counts_1h: null };
    expect(historyNotice('a', march, { ...never, error_events: null, incidents: null }, now)).toBeNull();
  });
});

describe('the span of a file', () => {
  const line = (ts: string): string => `${JSON.stringify({ ts, status: 200, provider: 'openai' })}\n`;
  const spanOf = async (text: string) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'faultline-span-'));
    try {
      await writeFile(path.join(folder, 'log.ndjson'), text);
      return await readSpan(path.join(folder, 'log.ndjson'), options, now);
    } finally {
      await rm(folder, { recursive: true });
    }
  };

  test('reaches from its first to its last request, however far apart they are', async () => {
    const middle = line('2026-03-15T00:00:00Z').repeat(20_000);
    expect(await spanOf(line('2026-03-01T00:00:00Z') + middle + line('2026-03-31T23:59:00Z'))).toEqual(march);
  });

  test('is found in a file without a last line end, and among lines that are not requests', async () => {
    expect(
      await spanOf(`nonsense\n${line('2026-03-31T23:59:00Z')}${line('2026-03-01T00:00:00Z').trim()}`),
    ).toEqual(march);
  });

  test.each(['', 'nonsense\n', '\n\n'])('of %j is not known', async (text) => {
    expect(await spanOf(text)).toBeNull();
  });
});
