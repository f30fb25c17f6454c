import { isUtf8 } from 'node:buffer';
import { isUtf16, textOfBytes } from './encodings.ts';
import { bytesInText, isGzip, mayBePacked, unpackGzip } from '../packed.ts';
import type { Redactor } from './redact.ts';
import { MASK } from './redaction-rules.ts';

/** A dead letter keeps at most so much. */
const LONGEST = 1024 * 1024;
/** A larger message is not worth reading whole: only its beginning is kept. */
const LARGEST_READ = 4 * 1024 * 1024;
/** Base64 of gzip as a text in JSON. */
const PACKED = /"H4sI/;
/** What is deeper is replaced by the redactor. */
const DEEPEST = 64;
/** A line that begins within a text: what stands before the quote may be the rest of a secret. */
const CUT_BEGINNING = /^[^\s"'{}[\],:]{6,4096}(?=\\*["'])/;
/** A line that is one word: part of a key or of an encoded text whose other lines are messages of their own. */
const ONE_WORD = /^\s{0,16}[A-Za-z0-9+/_-]{16,}={0,2}\s{0,16}$/;

/**
 * The bytes of a message as a dead letter keeps them: text without secrets, at most 1 Mi characters. JSON stays JSON,
 * with API keys as fingerprints, so that it can be decoded again later; anything else is cut at 64 Ki characters. Of
 * binary data only the size is kept: lengths and tags before a text look like letters of it, and no name tells what it is.
 * What is packed is kept unpacked, because nobody sees what is in it otherwise.
 */
export function redactMessage(value: Buffer, redactor: Redactor): string {
  const unpacked = isGzip(value) ? unpackGzip(value) : 'damaged';
  if (typeof unpacked !== 'string' && !isGzip(unpacked)) return redactMessage(unpacked, redactor);
  if (isBinary(value)) return `[${value.length} bytes of binary data]`;
  if (value.length > LARGEST_READ) return redactor.text(textOfBytes(value.subarray(0, LONGEST)));
  const text = textOfBytes(value);
  const parsed = parse(text);
  if ((typeof parsed === 'object' && parsed !== null) || typeof parsed === 'string')
    return JSON.stringify(redactor.value(PACKED.test(text) ? withoutPacked(parsed, 0) : parsed)).slice(
      0,
      LONGEST,
    );
  if (ONE_WORD.test(text) && /[0-9]/.test(text) && /[A-Za-z]/.test(text)) return MASK;
  return redactor.text(text.replace(CUT_BEGINNING, MASK));
}

/** True for what is no text in any encoding: neither UTF-8 nor UTF-16, and with control characters, which no text of other encodings has. */
function isBinary(bytes: Buffer): boolean {
  return !isUtf8(bytes) && !isUtf16(bytes) && bytes.some(isControl);
}

/** Tabulator, line ends and the colours of terminals stand in texts. */
function isControl(byte: number): boolean {
  return byte < 32 && (byte < 9 || byte > 13) && byte !== 27;
}

/** The value with what its packed texts hold in place of them. */
function withoutPacked(value: unknown, depth: number): unknown {
  if (depth > DEEPEST) return value;
  if (typeof value === 'string') {
    if (!mayBePacked(value)) return value;
    const text = bytesInText(value)?.toString('utf8');
    return text === undefined ? `[${value.length} characters of packed data]` : (parse(text) ?? text);
  }
  if (Array.isArray(value)) return value.map((one: unknown) => withoutPacked(one, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, withoutPacked(one, depth + 1)]),
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
