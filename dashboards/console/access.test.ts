import { expect, test } from 'vitest';
import { bearerToken, cookie, isLoopback, isOwnHost, isSession, issueSession, SESSION_MS } from './access.ts';

test.each([
  ['127.0.0.1', true],
  ['127.8.8.8', true],
  ['localhost', true],
  ['::1', true],
  ['[::1]', true],
  ['0.0.0.0', false],
  ['::', false],
  ['10.0.0.7', false],
  ['127.0.0.1.evil.example', false],
  ['', false],
])('address %j is loopback: %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});

test.each([
  ['127.0.0.1:7070', true],
  ['localhost', true],
  ['LOCALHOST:7070', true],
  ['[::1]:7070', true],
  ['evil.example:7070', false],
  ['localhost.evil.example', false],
  ['127.0.0.1.evil.example:7070', false],
  [undefined, false],
])('a Host header of %j is this machine: %s', (header, expected) => {
  expect(isOwnHost(header)).toBe(expected);
});

test('a session is valid for its token until it ends', () => {
  const secret = Buffer.alloc(32, 1);
  const value = issueSession(secret, 'right', 1_000);
  expect(isSession(value, secret, 'right', 1_000)).toBe(true);
  expect(isSession(value, secret, 'right', 1_000 + SESSION_MS)).toBe(true);
  expect(isSession(value, secret, 'right', 1_001 + SESSION_MS)).toBe(false);
  expect(isSession(value, secret, 'right', 999)).toBe(false);
});

test('a session of another token, another process or another time is not valid', () => {
  const secret = Buffer.alloc(32, 1);
  const value = issueSession(secret, 'right', 1_000);
  expect(isSession(value, secret, 'changed', 1_000)).toBe(false);
  expect(isSession(value, Buffer.alloc(32, 2), 'right', 1_000)).toBe(false);
  expect(isSession(value.replace('1000', '2000'), secret, 'right', 2_000)).toBe(false);
  expect(isSession('', secret, 'right', 1_000)).toBe(false);
  expect(isSession('NaN.x', secret, 'right', 1_000)).toBe(false);
});

test('the bearer token is read whatever the case of its scheme', () => {
  expect(bearerToken('bearer abc')).toBe('abc');
  expect(bearerToken('Basic abc')).toBe('');
  expect(bearerToken(undefined)).toBe('');
});

test('a cookie is found by its whole name', () => {
  expect(cookie('xa=1; a=2; b=3=4', 'a')).toBe('2');
  expect(cookie('a=2; b=3=4', 'b')).toBe('3=4');
  expect(cookie(undefined, 'a')).toBe('');
});
