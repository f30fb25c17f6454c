import { isAscii, isUtf8 } from 'node:buffer';
import type { Decoded, RejectReason } from '../../domain/request-log.ts';
import type { RecordFormat } from '../../domain/settings.ts';
import { Cleaner } from '../fields/clean.ts';
import { recordDecoder } from './formats.ts';

export interface DecoderOptions {
  format: RecordFormat;
  /** For format `mapped`: record field -> path. */
  mapping: Readonly<Record<string, string>>;
}

/** Larger messages are no log records. */
export const LARGEST_BYTES = 1024 * 1024;
/** Deeper messages are attacks or accidents; no reader below may meet them. */
const DEEPEST = 64;

/**
 * A function from the bytes of a message to its request logs, redacted, or to the reason why there are none; `now` is
 * epoch milliseconds. It never throws, whatever the bytes. Throws at once when the mapping is wrong.
 */
export function createDecoder(
  options: DecoderOptions,
  cleaner = new Cleaner(),
): (value: Buffer | null, now: number) => Decoded {
  const decodeRecord = recordDecoder(options, cleaner);
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

/** Counts only when there are enough brackets for it, which three or four fast searches tell for a plain record. */
function nestsTooDeeply(text: string): boolean {
  let openings = 0;
  for (const bracket of ['{', '[']) {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) {
      if (++openings > DEEPEST) return deepest(text) > DEEPEST;
    }
  }
  return false;
}

/** Greatest nesting of brackets outside of strings, as far as the text is JSON. */
function deepest(text: string): number {
  let depth = 0;
  let most = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (inString) {
      if (char === 92) at++;
      else if (char === 34) inString = false;
    } else if (char === 34) inString = true;
    else if (char === 123 || char === 91) most = Math.max(most, ++depth);
    else if (char === 125 || char === 93) depth--;
  }
  return most;
}

/** V8 quotes the text around the fault, which may hold a secret: only the place is told. */
function explain(error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  const place = /at position (\d+)/.exec(message)?.[1];
  if (place !== undefined) return `not JSON: unexpected character at position ${place}`;
  return message.startsWith('Unexpected end') ? 'not JSON: it ends too early' : 'not JSON';
}
