import { describe, expect, it } from 'vitest';
import { createTrial } from './tried-message.ts';

const now = Date.UTC(2026, 5, 2);
const trial = createTrial({ format: 'auto', mapping: {} });
const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

describe('the explanation of a message', () => {
  it('has its format, its fields with their paths, class, rule and remedy, and the ignored paths', () => {
    const key = `sk-proj-${'a1B2'.repeat(12)}`;
    const tried = trial(
      bytes({
        ts: '2026-06-01T12:00:00Z',
        status: 429,
        api_key: key,
        note: 1,
        error: { code: 'insufficient_quota' },
      }),
      now,
    );
    expect(tried.outcome).toEqual({ kind: 'counted' });
    const [record] = tried.records;
    expect(record?.requests[0]).toMatchObject({
      class: 'quota_exceeded',
      rule: 'code.insufficient_quota',
      retry: 'no',
    });
    expect(record?.requests[0]?.remedy.length).toBeGreaterThan(0);
    expect(record?.fields).toContainEqual({ field: 'ts', value: '2026-06-01T12:00:00.000Z', from: ['$.ts'] });
    expect(record?.ignored).toEqual(['$.note']);
    expect(JSON.stringify(tried)).not.toContain(key);
  });

  it('says why it is a dead letter, and shows its beginning without secrets', () => {
    const key = `sk-proj-${'a1B2'.repeat(12)}`;
    const tried = trial(bytes({ hello: key }), now);
    expect(tried).toMatchObject({ outcome: { kind: 'dead', reason: 'unknown_format' }, records: [] });
    expect(tried.text).toContain('hello');
    expect(JSON.stringify(tried)).not.toContain(key);
  });

  it('names the records of a message that no format recognises beside those that one does', () => {
    const key = `sk-proj-${'a1B2'.repeat(12)}`;
    const good = { ts: '2026-06-01T12:00:00Z', status: 200 };
    const tried = trial(bytes([good, { hello: key }, good, { hello: 1 }]), now);
    expect(tried.records).toHaveLength(2);
    expect(tried.unread.map(({ reason }) => reason)).toEqual(['unknown_format', 'unknown_format']);
    expect(tried.unread[0]?.text).toContain('hello');
    expect(JSON.stringify(tried)).not.toContain(key);
  });

  it('says why it is skipped', () => {
    expect(trial(null, now).outcome).toEqual({ kind: 'skipped', reason: 'tombstone' });
  });

  it('shows no secret, even if it is the name of a member', () => {
    const key = `sk-proj-${'a1B2'.repeat(12)}`;
    const tried = trial(bytes({ ts: '2026-06-01T12:00:00Z', status: 200, usage: { [key]: 1 } }), now);
    expect(JSON.stringify(tried)).not.toContain(key);
  });
});
