import { describe, expect, test } from 'vitest';
import { parseSilence, type SilenceOptions } from './silence.ts';

const now = Date.UTC(2026, 10, 2, 10);
const parse = (options: Partial<SilenceOptions>) =>
  parseSilence({ action: 'add', ...options }, { now: () => now, env: { USER: 'ana' } });

describe('the flags of a silence', () => {
  test('start now, and are signed by the user of the machine', () => {
    expect(parse({ kind: 'quota_exhausted,retry_storm', where: ['org=acme'], for: '2h' })).toMatchObject({
      kinds: ['quota_exhausted', 'retry_storm'],
      scope: { org: 'acme' },
      starts_at: now / 1000,
      ends_at: now / 1000 + 7_200,
      every_seconds: 0,
      planned: false,
      by: 'ana',
    });
  });
  test('with a start are a maintenance window, which may repeat and may already have started', () => {
    expect(parse({ all: true, from: '2026-11-01T02:00:00Z', for: '3h', every: '1d' })).toMatchObject({
      starts_at: Date.UTC(2026, 10, 1, 2) / 1000,
      ends_at: Date.UTC(2026, 10, 1, 5) / 1000,
      every_seconds: 86_400,
      planned: true,
    });
  });
  test.each<[Partial<SilenceOptions>, string]>([
    [{ for: '2h' }, 'this would silence everything'],
    [{ all: true }, 'needs its length'],
    [{ all: true, for: '1h', until: '2026-11-03' }, 'needs its length'],
    [{ kind: 'quota', for: '1h' }, '--kind is "quota"'],
    [{ where: ['organisation=acme'], for: '1h' }, '--where names "organisation"'],
    [{ where: ['org=a,b'], for: '1h' }, '--where org must be one value'],
    [{ where: ['org!=a'], for: '1h' }, '--where org must be one value'],
    [{ all: true, until: '2026-11-01' }, 'the end is not after the start'],
    [{ all: true, from: '2026-11-01T02:00:00Z', for: '3h' }, 'the end has passed'],
    [{ all: true, from: '2026-11-03T02:00:00Z', for: '24h', every: '1d' }, '--every is not longer'],
    [{ all: true, for: '9999999w' }, '--for is "9999999w": must be at most 366d'],
    [{ all: true, for: '1h', every: '9999999w' }, '--every is "9999999w": must be at most 366d'],
    [{ all: true, from: '1970-01-01', for: '1h' }, '--from is "1970-01-01"'],
  ])('%o are refused in one line', (options, message) => {
    expect(() => parse(options)).toThrow(message);
  });
});
