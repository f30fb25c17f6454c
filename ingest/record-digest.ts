import { createHash } from 'node:crypto';

/** Digest of a record's bytes. It shows whether the record at an offset is still the one that was counted. */
export function recordDigest(value: Buffer | null): string {
  return value === null ? 'null' : createHash('sha256').update(value).digest('hex').slice(0, 16);
}
