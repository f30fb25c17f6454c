import type { RateLimitHeaders } from '../../domain/request-log.ts';
import { type AsciiCursor, type Words, wordsOf } from './ascii-cursor.ts';
import { type KnownHeader, knownHeader, readNumber } from './headers.ts';
import { Limits } from './limits.ts';
import type { RememberedText, RememberedTexts } from './remembered-texts.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const SPACE = 0x20;
const CLOSE = 0x7d;
/** Slots of the table of names, a power of two. */
const SLOTS = 1024;

interface NamedHeader {
  /** With the quote after it. */
  readonly name: Words;
  readonly header: KnownHeader;
}

/** Reads the response headers of a plain success straight from their bytes. */
export class PlainHeaders {
  readonly #orgs: RememberedTexts;
  readonly #projects: RememberedTexts;
  readonly #limits = new Limits();
  readonly #names: (NamedHeader | null)[] = Array.from({ length: SLOTS }, () => null);
  #isRead = false;
  org: RememberedText | null = null;
  project: RememberedText | null = null;
  retryCount = 0;

  constructor(orgs: RememberedTexts, projects: RememberedTexts) {
    this.#orgs = orgs;
    this.#projects = projects;
  }

  reset(): void {
    this.#isRead = false;
    this.org = null;
    this.project = null;
    this.retryCount = 0;
  }

  /** Reads the object that begins at `at`; answers the place after it, or -1 when it is out of the ordinary. */
  read(cursor: AsciiCursor, at: number): number {
    const { bytes } = cursor;
    this.#isRead = true;
    this.#limits.clear();
    at++;
    if (bytes[at] === CLOSE) return at + 1;
    for (;;) {
      if (bytes[at] !== QUOTE) return -1;
      const name = at + 1;
      at = cursor.skipText(name);
      if (at < 0 || bytes[at] !== COLON) return -1;
      const { header } = this.#named(cursor, name, at);
      at += bytes[at + 1] === SPACE ? 2 : 1;
      if (bytes[at] !== QUOTE) return -1;
      const value = at + 1;
      at = cursor.skipText(value);
      if (at < 0 || !this.#take(cursor, header, value, at - 1)) return -1;
      if (bytes[at] === CLOSE) return at + 1;
      if (bytes[at] !== COMMA) return -1;
      at += bytes[at + 1] === SPACE ? 2 : 1;
    }
  }

  rateLimit(): RateLimitHeaders | null {
    return this.#isRead ? this.#limits.lowestHeadroom() : null;
  }

  /** False for what the ordinary way knows better: a header that is told twice, or says what a member should. */
  #take(cursor: AsciiCursor, { role, slot }: KnownHeader, from: number, to: number): boolean {
    switch (role) {
      case 'limit':
      case 'remaining':
        return slot < 0 || this.#limits.set(role, slot, limitOf(cursor, from, to));
      case 'org':
        if (this.org !== null || from === to) return false;
        this.org = this.#orgs.of(cursor, from, to);
        return this.org !== null;
      case 'project':
        if (this.project !== null || from === to) return false;
        this.project = this.#projects.of(cursor, from, to);
        return this.project !== null;
      case 'retry_count':
        if (this.retryCount !== 0) return false;
        this.retryCount = cursor.digits(from, to);
        return this.retryCount >= 0;
      case 'ignored':
      case 'kept':
      case 'request_id':
        return true;
    }
  }

  /** The header whose name the cursor skipped last; `to` is after its quote. */
  #named(cursor: AsciiCursor, from: number, to: number): NamedHeader {
    const slot = cursor.hash & (SLOTS - 1);
    const known = this.#names[slot] ?? null;
    if (known !== null && known.name.length === to - from && cursor.holds(from, known.name)) return known;
    const text = cursor.text(from, to - 1);
    const named = { name: wordsOf(Buffer.from(`${text}"`, 'latin1')), header: knownHeader(text) };
    this.#names[slot] = named;
    return named;
  }
}

function limitOf(cursor: AsciiCursor, from: number, to: number): number {
  const digits = cursor.digits(from, to);
  return digits >= 0 ? digits : readNumber(cursor.text(from, to));
}
