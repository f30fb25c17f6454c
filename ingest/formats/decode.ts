import { isAscii, isUtf8 } from 'node:buffer';
import type { Decoded, RejectReason } from '../../domain/request-log.ts';
import { Cleaner } from '../fields/clean.ts';
import type { Decode } from './format.ts';
import { type FormatOptions, recordDecoder } from './formats.ts';
import { DEEPEST, nestsTooDeeply } from './mapping/json-depth.ts';

export type DecoderOptions = FormatOptions;

/** Larger messages are no log records. */
export const LARGEST_BYTES = 1024 * 1024;

/**
 * A function from the bytes of a message to its request logs, redacted, or to the reason why there are none; `now` is
 * epoch milliseconds. It never throws, whatever the bytes. Throws at once when the mapping is wrong.
 */
export function createDecoder(
  options: DecoderOptions,
  cleaner = new Cleaner(),
): (value: Buffer | null, now: number) => Decoded {
  return bytesDecoder(recordDecoder(options, cleaner));
}

/** The way from the bytes of a message to the decoder of what is parsed out of them. */
export function bytesDecoder(decodeRecord: Decode): (value: Buffer | null, now: number) => Decoded {
  return (value, now) => {
    if (value === null || value.length === 0) return { kind: 'skip', reason: 'tombstone' };
    if (value.length > LARGEST_BYTES)
      return reject('too_large', `${value.length} bytes; at most ${LARGEST_BYTES}`);
    const text = toText(value);
    if (text === null) return reject('not_utf8', 'the message is not valid UTF-8');
    if (nestsTooDeeply(text)) return reject('too_deep', `nested deeper than ${DEEPEST}`);
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch (error) {
      return reject('not_json', explain(error));
    }
    return decodeRecord(parsed, now);
  };
}

function reject(reason: RejectReason, detail: string): Decoded {
  return { kind: 'reject', reason, detail };
}

/** Null when the bytes are no UTF-8. ASCII, nearly all there is, takes the shortest way. */
export function toText(value: Buffer): string | null {
  if (isAscii(value)) return value.toString('latin1');
  if (!isUtf8(value)) return null;
  const text = value.toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

/** V8 quotes the text around the fault, which may hold a secret: only the place is told. */
function explain(error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  const place = /at position (\d+)/.exec(message)?.[1];
  if (place !== undefined) return `not JSON: unexpected character at position ${place}`;
  return message.startsWith('Unexpected end') ? 'not JSON: it ends too early' : 'not JSON';
}
