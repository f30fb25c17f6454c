import { afterEach, describe, expect, test, vi } from 'vitest';
import { goDuration, waitFromHeaders, waitFromText } from './wait-time.ts';

describe('goDuration', () => {
  test.each([
    ['8ms', 0.008],
    ['120ms', 0.12],
    ['1.5s', 1.5],
    ['6m0s', 360],
    ['7m12s', 432],
    ['114h18m0s', 411_480],
    ['4h36m54.72s', 16_614.72],
    ['250us', 0.00025],
    ['250µs', 0.00025],
    ['1ns', 0],
    ['0s', 0],
    ['1.123456789s', 1.123457],
  ])('%s is %d seconds', (text, seconds) => {
    expect(goDuration(text)).toBe(seconds);
  });

  test.each([
    '',
    '5',
    's',
    '1x',
    '1s ',
    '-1s',
    '1.2.3s',
    'NaN',
    '1e9s',
    '9999999999999h',
    '1m1',
    'one second',
  ])('%j is unknown, not zero', (text) => {
    expect(goDuration(text)).toBeNull();
  });
});

afterEach(() => vi.unstubAllEnvs());

describe('waitFromHeaders', () => {
  const date = 'Wed, 15 Jul 2026 13:28:57 GMT';
  test.each([
    ['seconds', { 'retry-after': '20' }, 20],
    ['decimal seconds', { 'retry-after': '0.5' }, 0.5],
    ['a date after the date of the answer', { 'retry-after': 'Wed, 15 Jul 2026 13:30:00 GMT', date }, 63],
    ['a date in the past', { 'retry-after': 'Wed, 15 Jul 2026 13:00:00 GMT', date }, null],
    ['a date without the date of the answer', { 'retry-after': date }, null],
    ['milliseconds', { 'retry-after-ms': '1200' }, 1.2],
    ['unreadable milliseconds beside seconds', { 'retry-after-ms': 'soon', 'retry-after': '3' }, 3],
    ['a Go duration', { 'retry-after': '1m30s' }, 90],
    ['a negative number', { 'retry-after': '-1' }, null],
    ['rubbish', { 'retry-after': 'later' }, null],
    ['a number beyond a year', { 'retry-after': '99999999999' }, null],
    ['no header', {}, null],
    ['no headers', null, null],
  ])('%s', (_name, headers, seconds) => {
    expect(waitFromHeaders(headers)).toBe(seconds);
  });

  test('a date without a zone is in UTC, as HTTP requires', () => {
    vi.stubEnv('TZ', 'America/New_York');
    const headers = { 'retry-after': 'Wed Jul 15 13:30:00 2026', date: 'Wed, 15 Jul 2026 13:29:00 GMT' };
    expect(waitFromHeaders(headers)).toBe(60);
  });
});

describe('waitFromText', () => {
  test.each([
    [' 9.816s. Visit', 9.816],
    [' 174ms. Visit', 0.174],
    [' 7m12s. Visit', 432],
    [' 114h18m0s. Visit', 411_480],
    [' 20 seconds. For', 20],
    [' 86400 seconds', 86_400],
    [' 2 minutes', 120],
    [' 1 hour', 3600],
    [' 5 days', 432_000],
    [' 3 days 2 hours.', 266_400],
    [' 1 hour, 30 minutes and 5 seconds', 5405],
    [' 2d5h.', 190_800],
    [' 02:24:44.', 8684],
    [' 10.00:00:30.', 864_030],
    [' 1.5s.', 1.5],
    ['":840,', 840],
    [' 500 milliseconds', 0.5],
    [': 34s"', 34],
    ['": "34.07s"', 34.07],
    ['": 30', 30],
    [' about 3 seconds', 3],
    [' a moment', null],
    ['', null],
  ])('%j', (text, seconds) => {
    expect(waitFromText(text, 0)).toBe(seconds);
  });

  test('a text without a waiting time gives null', () => {
    expect(waitFromText('try again in 5s', -1)).toBeNull();
  });
});
