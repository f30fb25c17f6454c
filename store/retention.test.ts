import { describe, expect, test } from 'vitest';
import { defaultRetention, toRetention } from '../domain/retention.ts';
import type { Store } from './store.ts';
import { StoreError } from './error.ts';
import { alterTable, daysOf, ttlOf } from './retention.ts';

const kept = toRetention(defaultRetention);

describe('the TTL of a table', () => {
  test('starts at the event or at the insert, whichever is later', () => {
    expect(ttlOf('request_counts', kept)).toBe('greatest(ts, kept_from) + toIntervalDay(7)');
    expect(ttlOf('error_events', kept)).toBe('greatest(toDateTime(ts), inserted_at) + toIntervalDay(30)');
  });

  test('of the ledger by day is the longest of all', () => {
    expect(daysOf(ttlOf('ingest_days', kept))).toBe(1_095);
    expect(ttlOf('ingest_days', { ...kept, incidents: null })).toBe('');
  });

  test('of the ledger keeps batches that are not in the ledger by day as long as that one', () => {
    const inserted = 'toDateTime(inserted_at) + toIntervalDay';
    expect(ttlOf('ingest_batches', kept)).toBe(`${inserted}(90) WHERE by_day, ${inserted}(1095)`);
    expect(ttlOf('ingest_batches', { ...kept, incidents: null })).toBe(`${inserted}(90) WHERE by_day`);
    expect(ttlOf('ingest_batches', { ...kept, ingest_batches: null })).toBe('');
  });

  test.each([
    ['ts + toIntervalDay(7)', 7],
    ['ts + toIntervalYear(3)', 1_095],
    ['ts + toIntervalMonth(2)', 60],
    ['', null],
  ])('%j keeps %s days', (ttl, days) => {
    expect(daysOf(ttl)).toBe(days);
  });
});

describe('an ALTER', () => {
  const storeThat = (errors: readonly number[]): { store: Pick<Store, 'command'>; sent: string[] } => {
    const sent: string[] = [];
    const command = async (sql: string): Promise<void> => {
      sent.push(sql);
      const code = errors[sent.length - 1];
      if (code !== undefined) throw new StoreError('refused', `code ${code}`, code);
    };
    return { store: { command }, sent };
  };

  test('is tried again while another process alters the same table', async () => {
    const { store, sent } = storeThat([517, 517]);
    await alterTable(store, 'ALTER TABLE a ADD COLUMN b Int8');
    expect(sent).toHaveLength(3);
  });

  test('that is refused for another reason is not tried again', async () => {
    const { store, sent } = storeThat([36]);
    await expect(alterTable(store, 'ALTER TABLE a MODIFY TTL b')).rejects.toThrow('code 36');
    expect(sent).toHaveLength(1);
  });

  test('that removes a TTL counts as done when another process has removed it', async () => {
    const { store, sent } = storeThat([36]);
    await alterTable(store, 'ALTER TABLE a REMOVE TTL');
    expect(sent).toHaveLength(1);
  });
});
