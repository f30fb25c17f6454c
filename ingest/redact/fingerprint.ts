import { hash } from 'node:crypto';
import { boundedMemo } from '../bounded-memo.ts';
import { keyPrefixes } from './key-prefixes.ts';

/**
 * How many keys have their fingerprints remembered; the memo holds up to twice as many. The least used are forgotten.
 */
const REMEMBERED = 32_768;
/** With fewer characters after the prefix, the last four would reveal too much of the key. */
const SHORTEST_WITH_TAIL = 12;
const PREFIX = new RegExp(`^(?:${keyPrefixes.join('|')})`);
const FINGERPRINT = new RegExp(`^(?:${keyPrefixes.join('|')})?…[A-Za-z0-9_*-]{0,4}#[0-9a-f]{8}$`);

/**
 * `prefix…last4#hash8` of an API key: the known prefix, the last four characters (none when fewer than 12 characters
 * follow the prefix) and the first 8 hex digits of the SHA-256 of the key. A fingerprint is returned as it is; the
 * empty text stays empty.
 */
export const fingerprint: (key: string) => string = boundedMemo(REMEMBERED, computeFingerprint);

/** Like `fingerprint`, but without a memo: for callers that remember the result themselves. */
export function computeFingerprint(key: string): string {
  if (key === '' || FINGERPRINT.test(key)) return key;
  const bare = key.trim().replace(/^bearer +/i, '');
  const prefix = PREFIX.exec(bare)?.[0] ?? '';
  const tail =
    bare.length - prefix.length >= SHORTEST_WITH_TAIL ? bare.slice(-4).replace(/[^A-Za-z0-9_-]/g, '*') : '';
  return `${prefix}…${tail}#${hash('sha256', key).slice(0, 8)}`;
}
