import { isUtf8 } from 'node:buffer';
import { isUtf16, textOfBytes } from './encodings.ts';
import { bytesInText, isGzip, mayBePacked, unpackGzip } from '../packed.ts';
import type { Redactor } from './redact.ts';
import { MASK } from './redaction-rules.ts';

/** Longest text of a dead letter, in characters. */
const LONGEST = 1024 * 1024;
/** A larger message is not parsed: only its beginning is kept. */
const LARGEST_READ = 4 * 1024 * 1024;
/** Base64 of gzip data, as a JSON string starts with it. */
const PACKED = /"H4sI/;
/** The redactor replaces whatever is nested deeper. */
const DEEPEST = 64;
/**
 * Matches the beginning of a message that starts inside a text. The characters before the first quote may be the rest
 * of a secret.
 */
const CUT_BEGINNING = /^[^\s"'{}[\],:]{6,4096}(?=\\*["'])/;
/**
 * Matches a message that is a single word. The word may be part of a key or of an encoded text that was split into
 * several messages.
 */
const ONE_WORD = /^\s{0,16}[A-Za-z0-9+/_-]{16,}={0,2}\s{0,16}$/;

/**
 * The bytes of a message as a dead letter stores them: text without secrets, at most 1 Mi characters. JSON stays JSON,
 * with API keys as fingerprints, so that it can be decoded again later; any other text is cut at 64 Ki characters. Of
 * binary data only the size is kept, because no rule can find the secrets in it: the length and tag bytes before a text
 * look like letters of the text, and no name marks a secret. Compressed data is stored uncompressed, because otherwise
 * nobody could see what is in it.
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

/**
 * Whether the bytes are not text: neither UTF-8 nor UTF-16, and with control characters, which do not occur in texts of
 * other encodings.
 */
function isBinary(bytes: Buffer): boolean {
  return !isUtf8(bytes) && !isUtf16(bytes) && bytes.some(isControl);
}

/**
 * Whether a byte is a control character that no text has. Tabs, line ends and the escape character of terminal colours
 * occur in texts.
 */
function isControl(byte: number): boolean {
  return byte < 32 && (byte < 9 || byte > 13) && byte !== 27;
}

/** The value with each compressed text replaced by its content. */
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
