import { gunzipSync } from 'node:zlib';

/**
 * Largest uncompressed size of compressed data in a message: 1 MiB of a subscription to CloudWatch Logs uncompresses to
 * several times that.
 */
export const LARGEST_UNPACKED = 8 * 1024 * 1024;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}\s*$/;
/** How base64 starts when it encodes gzip, and when it encodes JSON that begins with `{` or `[`. */
const PACKED = 'H4sI';
const PLAIN = /^(?:ey|ew|W3|Wy|Ww)/;

export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** The content of gzip data, or why it cannot be read. */
export function unpackGzip(bytes: Uint8Array): Buffer | 'too_large' | 'damaged' {
  try {
    return gunzipSync(bytes, { maxOutputLength: LARGEST_UNPACKED });
  } catch (error) {
    return Object(error).code === 'ERR_BUFFER_TOO_LARGE' ? 'too_large' : 'damaged';
  }
}

/** Whether a text may be base64 of gzip. */
export function mayBePacked(text: string): boolean {
  return text.startsWith(PACKED) && BASE64.test(text);
}

/**
 * The bytes that a text holds. For base64 of gzip: the uncompressed bytes. For a text that may be base64 of JSON: the
 * decoded bytes. Undefined for any other text.
 */
export function bytesInText(text: string): Buffer | undefined {
  const packed = mayBePacked(text);
  if (!packed && !(PLAIN.test(text) && BASE64.test(text))) return undefined;
  const bytes = Buffer.from(text, 'base64');
  if (!packed) return bytes;
  const unpacked = unpackGzip(bytes);
  return typeof unpacked === 'string' ? undefined : unpacked;
}
