import { describe, expect, it } from 'vitest';
import { StoreError } from '../store/error.ts';
import { describeError, stackOf, UserError } from './errors.ts';

const system = (code: string, fields: object) =>
  Object.assign(new Error(`${code}: it failed`), { code, ...fields });

describe('an error', () => {
  it.each<[string, unknown, string, number]>([
    ['of use', new UserError('--since is "x": must be a time'), '--since is "x": must be a time', 2],
    [
      'of the store',
      new StoreError('unreachable', 'ClickHouse at h does not answer'),
      'ClickHouse at h does not answer',
      1,
    ],
    ['of a missing file', system('ENOENT', { path: 'a.ndjson' }), 'a.ndjson does not exist', 1],
    ['of a directory', system('EISDIR', { path: 'a' }), 'a is a directory; name a file', 1],
    ['of a full disk', system('ENOSPC', { path: 'data' }), 'data cannot be written: the disk is full', 1],
    [
      'of a busy port',
      system('EADDRINUSE', { address: '127.0.0.1', port: 7070 }),
      '127.0.0.1:7070 is in use; stop the other process or choose another port',
      1,
    ],
    [
      'of an unknown host',
      system('ENOTFOUND', { hostname: 'nowhere' }),
      'nowhere is an unknown host; check its name',
      1,
    ],
    ['of a wrong question', system('bad_query', {}), 'bad_query: it failed', 2],
    [
      'with a login in an address',
      new UserError('http://me:s3cret@host/ is wrong'),
      'http://***@host/ is wrong',
      2,
    ],
    ['of several lines', new UserError('one\n  two'), 'one two', 2],
  ])('%s is one line with its exit code', (_name, error, line, exitCode) => {
    expect(describeError(error)).toEqual({ line, exitCode, expected: true });
  });

  it.each([
    ['a bug', new TypeError('x is not a function')],
    ['a thrown value that is not an error', 'x is not a function'],
  ])('that is %s is one line that explains how to see the stack', (_name, error) => {
    expect(describeError(error)).toEqual({
      line: 'unexpected error: x is not a function; set FAULTLINE_LOG_LEVEL=debug for the stack',
      exitCode: 1,
      expected: false,
    });
  });

  it('shows its causes in the stack, without a login', () => {
    const stack = stackOf(new Error('outer', { cause: new Error('http://me:s3cret@host failed') }));
    expect(stack).toContain('caused by Error: http://***@host failed');
    expect(stack).not.toContain('s3cret');
  });
});
