import { hash } from 'node:crypto';
import { boundedMemo } from '../bounded-memo.ts';
import { keyPrefixes } from './key-prefixes.ts';

/** Keys whose fingerprints are remembered, twice over; beyond it the least used are forgotten. */
const REMEMBERED = 32_768;
/** A shorter key would give away too much of itself by its last four characters. */
const SHORTEST_WITH_TAIL = 12;
const PREFIX = new RegExp(`^(?:${keyPrefixes.join('|')})`);
const FINGERPRINT = new RegExp(`^(?:${keyPrefixes.join('|')})?…[A-Za-z0-9_*-]{0,4}#[0-9a-f]{8}$`);

/**
 * `prefix…last4#hash8` of an API key: the known prefix, the last four characters (none for a key under 12 characters)
 * and the first 8 hex digits of its SHA-256. A fingerprint is returned as it is; the empty text stays empty.
 */
export const fingerprint: (key: string) => string = boundedMemo(REMEMBERED, computeFingerprint);

/** The same for who remembers the answers. */
export function computeFingerprint(key: string): string {
  if (key === '' || FINGERPRINT.test(key)) return key;
  const bare = key.trim().replace(/^bearer +/i, '');
  const prefix = PREFIX.exec(bare)?.[0] ?? '';
  const tail =
    bare.length - prefix.length >= SHORTEST_WITH_TAIL ? bare.slice(-4).replace(/[^A-Za-z0-9_-]/g, '*') : '';
  return `${prefix}…${tail}#${hash('sha256', key).slice(0, 8)}`;
}
