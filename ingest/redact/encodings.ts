import { isUtf8 } from 'node:buffer';

/** Matches escape sequences at any depth: all backslashes of a run belong to the one character after it. */
const ESCAPE = /(?<!\\)\\+(?:u([0-9A-Fa-f]{4})|(?:u\{0{0,4}|x)([0-9A-Fa-f]{2})\}?|([nrt])|(["'`/:=&@.+-]))/g;
/** Percent-encoded ASCII, also when the percent sign was encoded once more. */
const PERCENT = /%(?:25)*([0-7][0-9A-Fa-f])/g;
const ENTITY = /&(?:amp;)*(?:#0*(\d{2,3})|#x0*([0-9a-f]{2})|(quot|apos|lt|gt|amp));/gi;
const NAMED: Readonly<Record<string, string>> = { quot: '"', apos: "'", lt: '<', gt: '>', amp: '&' };
/**
 * Characters that are not visible: colours of terminals, zeros of UTF-16 and other control characters, soft hyphens,
 * zero-width characters.
 */
const UNSEEN = /(?:(?![\t\n\r])\p{Cc})?\[[0-9;]{1,12}m|(?![\t\n\r])[\p{Cc}\u00ad\u200b-\u200d\u2060\ufeff]/gu;
const ENCODED = /\\|%[0-7]|&[#a-zA-Z]|\[[0-9;]{1,12}m|(?![\t\n\r])[\p{Cc}\u00ad\u200b-\u200d\u2060\ufeff]/u;
/** One encoding can be inside another. No known logger nests more than this many. */
const ROUNDS = 4;

/** Words that may be base64 or hex: long, and not part of a longer word. Base64 is often broken into lines. */
const ENCODED_RUN =
  /(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{24,}(?:(?:\r?\n|\\r\\n|\\n)[A-Za-z0-9+/_-]{4,})*={0,2}/g;
/** Decoded bytes count as text only if at least this many characters are readable. */
const LEAST_TEXT = 12;
/** The encoding of a message is decided from this many bytes at its start. */
const HEAD = 512;
const UNREADABLE = /(?![\t\n\r])\p{Cc}|\ufffd/u;

/** The text without escapes, percent signs, entities and unseen characters; the text itself when it has none. */
export function plainText(text: string): string {
  // A form encodes blanks as plus signs.
  let plain = isForm(text) ? text.replaceAll('+', ' ') : text;
  for (let round = 0; round < ROUNDS && ENCODED.test(plain); round++) {
    const before = plain;
    plain = plain
      .replace(UNSEEN, '')
      .replace(ESCAPE, (_, code?: string, byte?: string, blank?: string, sign?: string) => {
        if (code !== undefined || byte !== undefined)
          return String.fromCharCode(Number.parseInt(code ?? byte ?? '', 16));
        return blank === undefined ? (sign ?? '') : blank === 't' ? '\t' : '\n';
      })
      .replace(PERCENT, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
      .replace(ENTITY, (_, decimal?: string, hex?: string, name?: string) =>
        decimal === undefined && hex === undefined
          ? (NAMED[(name ?? '').toLowerCase()] ?? '')
          : String.fromCharCode(decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal)),
      );
    if (plain === before) break;
  }
  return plain;
}

function isForm(text: string): boolean {
  return text.includes('=') && text.includes('+') && !/\s/.test(text);
}

/** Replaces by `mask` each word that is base64 or hex of a text for which `isSecret` returns true. */
export function maskEncoded(text: string, mask: string, isSecret: (decoded: string) => boolean): string {
  return text.replace(ENCODED_RUN, (run) => {
    if (!/[\r\n\\]/.test(run)) return hidesSecret(run, isSecret) ? mask : run;
    const lines = run.split(/\r?\n|\\r\\n|\\n/);
    // The next line may be prose and not part of the word, so each line is also checked alone.
    if (hidesSecret(lines.join(''), isSecret)) return mask;
    return lines.some((line) => hidesSecret(line, isSecret)) ? mask : run;
  });
}

function hidesSecret(run: string, isSecret: (decoded: string) => boolean): boolean {
  if (/^[0-9a-fA-F]{32,}$/.test(run)) {
    const decoded = readable(Buffer.from(run, 'hex'));
    if (decoded !== null && isSecret(decoded)) return true;
  }
  // Other characters may stand directly before the base64. Then its groups of four start at another offset.
  for (let skip = 0; skip < 4; skip++) {
    if (!startsAsText(run, skip)) continue;
    const decoded = readable(Buffer.from(run.slice(skip), 'base64'));
    if (decoded !== null && isSecret(decoded)) return true;
  }
  return false;
}

/**
 * Whether the bytes start as ASCII, without decoding them: the first character of each base64 group holds the high bits
 * of a byte.
 */
function startsAsText(run: string, skip: number): boolean {
  for (let group = 0; group < 4; group++) {
    const char = run.charCodeAt(skip + group * 4);
    const isLow = (char >= 65 && char <= 90) || (char >= 97 && char <= 102);
    if (!isLow) return false;
  }
  return true;
}

/** The readable text at the start of the bytes, up to the first unreadable character; null when it is too short. */
function readable(bytes: Buffer): string | null {
  const text = bytes[0] === 0 || bytes[1] === 0 ? textWithoutZeros(bytes) : bytes.toString('utf8');
  const end = text.search(UNREADABLE);
  const start = end < 0 ? text : text.slice(0, end);
  return start.length < LEAST_TEXT ? null : start;
}

/** Decodes a message: UTF-8, or UTF-16 in either byte order. A line cut from UTF-16 may lack its first byte. */
export function textOfBytes(bytes: Buffer): string {
  const [even, odd] = zerosOf(bytes);
  return (even + odd) * 5 > Math.min(bytes.length, HEAD) ? textWithoutZeros(bytes) : bytes.toString('utf8');
}

/**
 * Whether the zero bytes are placed as in ASCII text encoded as UTF-16: many, and nearly all at even or nearly all at
 * odd positions.
 */
export function isUtf16(bytes: Buffer): boolean {
  const [even, odd] = zerosOf(bytes);
  return (even + odd) * 5 > Math.min(bytes.length, HEAD) && Math.max(even, odd) >= 9 * Math.min(even, odd);
}

/** How many of the first bytes are zero, at even and at odd positions. */
function zerosOf(bytes: Buffer): [even: number, odd: number] {
  const zeros: [number, number] = [0, 0];
  bytes.subarray(0, HEAD).forEach((byte, at) => {
    if (byte === 0) zeros[at % 2 === 0 ? 0 : 1]++;
  });
  return zeros;
}

/**
 * The text of UTF-16 bytes. ASCII in UTF-16 is ASCII with zero bytes between the characters, in either byte order. A
 * byte order mark is removed.
 */
function textWithoutZeros(bytes: Buffer): string {
  const marked = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  const rest = Buffer.from(bytes.subarray(marked ? 2 : 0).filter((byte) => byte !== 0));
  return isUtf8(rest) ? rest.toString('utf8') : rest.toString('latin1');
}
