import { Exception } from './exception.ts';

/** Kinds of tokens in ClickHouse's SQL. `quoted` is an identifier in quotes; `string` includes heredocs. */
export type TokenKind = 'word' | 'quoted' | 'string' | 'number' | 'sign' | 'end';

/** A position in a statement that moves from token to token and skips comments and spaces. */
export interface Lexer {
  readonly kind: TokenKind;
  /** Bytes of the present token: `[start, end)`. */
  readonly start: number;
  readonly end: number;
  next(): void;
  is(kind: TokenKind): boolean;
  /** The byte of a sign; 0 for any other token. */
  sign(): number;
  /** The present token as written. */
  text(): string;
  /** The present word in upper case; empty for any other token. */
  word(): string;
}

/**
 * Reads a statement as ClickHouse's own lexer does: strings and quoted identifiers with backslashes and doubled quotes,
 * typographic quotes, heredocs, nested comments. The lexer starts at the first token. Its time is linear in the number
 * of bytes; it throws `Exception` for a statement that would take longer.
 */
export function createLexer(bytes: Buffer): Lexer {
  const token: Token = { kind: 'end', start: 0, end: 0, openHeredocs: 0 };
  const next = (): void => {
    token.start = skipBlank(bytes, token.end);
    readToken(bytes, token);
  };
  next();
  return {
    get kind() {
      return token.kind;
    },
    get start() {
      return token.start;
    },
    get end() {
      return token.end;
    },
    next,
    is: (kind) => token.kind === kind,
    sign: () => (token.kind === 'sign' ? (bytes[token.start] ?? 0) : 0),
    text: () => bytes.toString('utf8', token.start, token.end),
    word: () => (token.kind === 'word' ? bytes.toString('latin1', token.start, token.end).toUpperCase() : ''),
  };
}

interface Token {
  kind: TokenKind;
  start: number;
  end: number;
  /** How many heredocs so far have no end. */
  openHeredocs: number;
}

const code = (char: string): number => char.charCodeAt(0);
const newline = code('\n');
const backslash = code('\\');
const dollar = code('$');
const slash = code('/');
const star = code('*');
const dash = code('-');
const hash = code('#');
const typographic = { single: Buffer.from('‘'), double: Buffer.from('“') };
const typographicEnd = { single: Buffer.from('’'), double: Buffer.from('”') };

/** What each byte can be: 1 for `isWordStart`, 2 for `isDigit`. */
const classes = Uint8Array.from({ length: 256 }, (_item, byte) => {
  const char = String.fromCharCode(byte);
  return (/[A-Za-z_\x80-\xff]/.test(char) ? 1 : 0) | (/[0-9]/.test(char) ? 2 : 0);
});

function isWordStart(byte: number): boolean {
  return ((classes[byte] ?? 0) & 1) !== 0;
}

function isDigit(byte: number): boolean {
  return ((classes[byte] ?? 0) & 2) !== 0;
}

function isWordPart(byte: number): boolean {
  return (classes[byte] ?? 0) !== 0 || byte === dollar;
}

function skipBlank(bytes: Buffer, from: number): number {
  let at = from;
  for (;;) {
    const byte = bytes[at];
    if (byte === undefined) return bytes.length;
    if (byte <= 32) at += 1;
    else if (isLineComment(bytes, at)) at = endOfLine(bytes, at);
    else if (byte === slash && bytes[at + 1] === star) at = endOfComment(bytes, at);
    else return at;
  }
}

function isLineComment(bytes: Buffer, at: number): boolean {
  const first = bytes[at];
  const second = bytes[at + 1];
  if (first === hash) return second === 32 || second === code('!');
  return (first === dash || first === slash) && second === first;
}

function endOfLine(bytes: Buffer, from: number): number {
  const found = bytes.indexOf(newline, from);
  return found === -1 ? bytes.length : found;
}

function endOfComment(bytes: Buffer, from: number): number {
  let depth = 0;
  for (let at = from; at < bytes.length - 1; ) {
    if (bytes[at] === slash && bytes[at + 1] === star) depth += 1;
    else if (bytes[at] === star && bytes[at + 1] === slash) depth -= 1;
    else {
      at += 1;
      continue;
    }
    at += 2;
    if (depth === 0) return at;
  }
  return bytes.length;
}

function readToken(bytes: Buffer, token: Token): void {
  const { start } = token;
  const byte = bytes[start];
  const set = (kind: TokenKind, end: number): void => {
    token.kind = kind;
    token.end = end;
  };
  if (byte === undefined) return set('end', start);
  if (byte === code("'")) return set('string', endOfQuoted(bytes, start));
  if (byte === code('`') || byte === code('"')) return set('quoted', endOfQuoted(bytes, start));
  if (byte === 0xe2) {
    if (typographic.single.equals(bytes.subarray(start, start + 3)))
      return set('string', endOf(bytes, typographicEnd.single, start + 3));
    if (typographic.double.equals(bytes.subarray(start, start + 3)))
      return set('quoted', endOf(bytes, typographicEnd.double, start + 3));
  }
  if (byte === dollar) return readHeredoc(bytes, token, set);
  if (!isWordStart(byte) && !isDigit(byte)) return set('sign', start + 1);
  let end = start + 1;
  while (isWordPart(bytes[end] ?? 0)) end += 1;
  set(isDigit(byte) ? 'number' : 'word', end);
}

/** The position after the closing quote. A backslash escapes the next byte; a doubled quote does not close. */
function endOfQuoted(bytes: Buffer, start: number): number {
  const quote = bytes[start];
  for (let at = start + 1; at < bytes.length; at += 1) {
    if (bytes[at] === backslash) at += 1;
    else if (bytes[at] === quote) {
      if (bytes[at + 1] !== quote) return at + 1;
      at += 1;
    }
  }
  return bytes.length;
}

function endOf(bytes: Buffer, mark: Buffer, from: number): number {
  const found = bytes.indexOf(mark, from);
  return found === -1 ? bytes.length : found + mark.length;
}

/** Each heredoc without an end costs a search through all bytes, so the number of such heredocs is limited. */
const MOST_DOLLARS = 100;

/** `$tag$ … $tag$`; a dollar that starts no tag is a sign. */
function readHeredoc(bytes: Buffer, token: Token, set: (kind: TokenKind, end: number) => void): void {
  const { start } = token;
  let at = start + 1;
  while (isWordPart(bytes[at] ?? 0) && bytes[at] !== dollar) at += 1;
  if (bytes[at] !== dollar) return set('sign', start + 1);
  const tag = bytes.subarray(start, at + 1);
  const found = bytes.indexOf(tag, at + 1);
  if (found !== -1) return set('string', found + tag.length);
  token.openHeredocs += 1;
  if (token.openHeredocs > MOST_DOLLARS)
    throw new Exception(62, 'SYNTAX_ERROR', `over ${MOST_DOLLARS} heredocs without an end`);
  set('sign', start + 1);
}
