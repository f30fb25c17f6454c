import type { RateLimitHeaders } from '../../domain/request-log.ts';
import type { AsciiCursor } from './ascii-cursor.ts';
import * as byte from './bytes.ts';
import { type KnownHeader, knownHeader, readNumber } from '../fields/headers.ts';
import { RateLimits } from '../fields/rate-limits.ts';
import { type RememberedText, RememberedTexts } from './remembered-texts.ts';

/** Reads the response headers of a plain record directly from its bytes. */
export class PlainHeaders {
  readonly #orgs: RememberedTexts<string>;
  readonly #projects: RememberedTexts<string>;
  readonly #limits = new RateLimits();
  readonly #names = new RememberedTexts(1024, knownHeader);
  #isRead = false;
  org: RememberedText<string> | null = null;
  project: RememberedText<string> | null = null;
  retryCount = 0;

  constructor(orgs: RememberedTexts<string>, projects: RememberedTexts<string>) {
    this.#orgs = orgs;
    this.#projects = projects;
  }

  reset(): void {
    this.#isRead = false;
    this.org = null;
    this.project = null;
    this.retryCount = 0;
  }

  /**
   * Reads the object that starts at `at`. Returns the position after it, or -1 when the ordinary decoder must read the
   * record.
   */
  read(cursor: AsciiCursor, at: number): number {
    const { bytes } = cursor;
    this.#isRead = true;
    this.#limits.clear();
    at++;
    if (bytes[at] === byte.CLOSE) return at + 1;
    for (;;) {
      if (bytes[at] !== byte.QUOTE) return -1;
      const name = at + 1;
      at = cursor.skipText(name);
      if (at < 0 || bytes[at] !== byte.COLON) return -1;
      const header = this.#names.of(cursor, name, at - 1)?.value;
      if (header === undefined) return -1;
      at += bytes[at + 1] === byte.SPACE ? 2 : 1;
      if (bytes[at] !== byte.QUOTE) return -1;
      const value = at + 1;
      at = cursor.skipText(value);
      if (at < 0 || !this.#take(cursor, header, value, at - 1)) return -1;
      if (bytes[at] === byte.CLOSE) return at + 1;
      if (bytes[at] !== byte.COMMA) return -1;
      at += bytes[at + 1] === byte.SPACE ? 2 : 1;
    }
  }

  rateLimit(): RateLimitHeaders | null {
    return this.#isRead ? this.#limits.lowestHeadroom() : null;
  }

  /** False for cases that the ordinary decoder handles: a repeated header, or a value that does not fit. */
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
}

function limitOf(cursor: AsciiCursor, from: number, to: number): number {
  const digits = cursor.digits(from, to);
  return digits >= 0 ? digits : readNumber(cursor.text(from, to));
}
