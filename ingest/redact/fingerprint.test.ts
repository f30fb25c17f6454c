import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundedMemo } from '../bounded-memo.ts';
import { fingerprint } from './fingerprint.ts';

const hash8 = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 8);

describe('fingerprint', () => {
  it.each([
    ['sk-proj-abcdefghijklmnopqrstuvwx', 'sk-proj-…uvwx'],
    ['sk-abcdefghijklmnopqrstuvwx', 'sk-…uvwx'],
    ['sk-ant-api03-abcdefghijklmnop', 'sk-ant-api03-…mnop'],
    ['sk-or-v1-0123456789abcdef', 'sk-or-v1-…cdef'],
    ['AIzaSyA1234567890abcdef', 'AIza…cdef'],
    ['0123456789abcdef0123456789abcdef', '…cdef'],
    ['a key of ours (!)', '…'],
    ['Bearer sk-abcdefghijklmnopqrstuvwx', 'sk-…uvwx'],
    ['sk-short', 'sk-…'],
    ['Jdrls.', '…'],
  ])('of %s begins with %s', (key, shown) => {
    expect(fingerprint(key).startsWith(shown)).toBe(true);
    expect(fingerprint(key).endsWith(`#${hash8(key)}`)).toBe(true);
  });

  it('of a fingerprint is the fingerprint itself, and of an empty text is empty', () => {
    const one = fingerprint('sk-proj-abcdefghijklmnopqrstuvwx');
    expect(fingerprint(one)).toBe(one);
    expect(fingerprint('')).toBe('');
  });

  it('shows at most a known prefix and four characters of any key, and does not change when taken again', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 200 }), (key) => {
        const shown = fingerprint(key);
        expect(shown).toMatch(/^(?:[A-Za-z0-9_-]{2,16})?…[A-Za-z0-9_*-]{0,4}#[0-9a-f]{8}$/);
        expect(fingerprint(shown)).toBe(shown);
      }),
    );
  });

  it('differs for keys with the same beginning and end', () => {
    expect(fingerprint('sk-aaaaaaaaaaaaaaaaaaaa1aaaa')).not.toBe(fingerprint('sk-aaaaaaaaaaaaaaaaaaaa2aaaa'));
  });
});

describe('boundedMemo', () => {
  it('returns what the function returns, whatever was asked before', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 2 }), { maxLength: 200 }), (keys) => {
        const memo = boundedMemo(4, (key) => `${key}!`);
        for (const key of keys) expect(memo(key)).toBe(`${key}!`);
      }),
    );
  });

  it('does not remember long keys', () => {
    let computed = 0;
    const memo = boundedMemo(10, () => ++computed);
    memo('x'.repeat(257));
    expect(memo('x'.repeat(257))).toBe(2);
  });

  it('keeps keys that are asked for often and forgets the others', () => {
    const computed: string[] = [];
    const memo = boundedMemo(10, (key) => {
      computed.push(key);
      return key;
    });
    for (let at = 0; at < 100; at++) {
      memo('hot');
      memo(`cold ${at}`);
    }
    memo('cold 0');
    expect(computed.filter((key) => key === 'hot')).toHaveLength(1);
    expect(computed.filter((key) => key === 'cold 0')).toHaveLength(2);
  });
});
