import type { Privacy } from '../../domain/settings.ts';
import { boundedMemo } from '../bounded-memo.ts';
import { maskEncoded, plainText } from './encodings.ts';
import { fingerprint } from './fingerprint.ts';
import { HIDDEN_PROMPT, hiddenPrompt, mayNamePrompt, personalRules } from './personal-data.ts';
import { MASK, type RedactionRule, redactionRules } from './redaction-rules.ts';
import { marksOf, type TextMarks } from './text-marks.ts';
import { type Holds, holdsOf, looksSecret } from './secret-names.ts';

/** Longer texts lose their middle before they are read; stored bodies are far shorter. */
const LONGEST_TEXT = 65_536;
/** This much of the end stays: in a long stream, and after a long request, the error comes last. */
const END_OF_TEXT = 8_192;
const LEFT_OUT = '\n[…]\n';
/** This much more is read, so that a secret at the cut is recognised. */
const MARGIN = 4_096;
/** Deeper values are replaced; the decoder rejects such messages, so this guards direct callers. */
const DEEPEST = 64;
/** A text within a text counts as this many levels, so eight such texts within each other are examined. */
const TEXT_DEPTH = 8;
/**
 * An encoded text within an encoded text counts as this many levels, so three such texts within each other are decoded.
 */
const ENCODED_DEPTH = 24;
const ROUNDS = 4;
/**
 * Texts up to this length are redacted once and remembered. Codes, types and names of members are short, and only few
 * different ones occur.
 */
const SHORT = 48;
const REMEMBERED = 4096;
/** Members that hold the name when a list holds objects with a name and a value each. */
const PAIR_NAMES = ['name', 'key', 'header', 'Name', 'Key'] as const;
const IDENTIFIER = /^[a-z_]{1,24}$/;

interface MemberName {
  shown: string;
  holds: Holds;
  mayBePrompt: boolean;
}

/** Removes secrets from texts and values, and the personal data that the settings hide. */
export class Redactor {
  readonly #rules: readonly RedactionRule[];
  readonly #short: (text: string) => string;
  readonly #nameOf: (name: string) => MemberName;

  constructor(privacy: Privacy) {
    this.#rules = [...redactionRules, ...personalRules(privacy)];
    this.#short = boundedMemo(REMEMBERED, (text) => this.#redact(text, 0));
    this.#nameOf = boundedMemo(REMEMBERED, (name) => ({
      shown: name.length < 5 ? name : this.#redact(name, 0),
      holds: holdsOf(name),
      mayBePrompt: privacy.hide_prompts && mayNamePrompt(name),
    }));
  }

  /**
   * The text without secrets, however they are encoded: credentials of the known issuers, bearer and basic credentials,
   * JSON web tokens, cookies, passwords, key material, credentials and tokens in URLs, whatever follows "Incorrect API
   * key provided", and the personal data that is to be hidden. Organization, project and request ids stay. Idempotent;
   * linear in time; at most 64 Ki characters.
   */
  text(text: string): string {
    if (text.length < 5) return text;
    return text.length <= SHORT ? this.#short(text) : this.#redact(text, 0);
  }

  /** Like `text`, but without the memo for short texts: for callers that remember the result themselves. */
  textOnce(text: string): string {
    return text.length < 5 ? text : this.#redact(text, 0);
  }

  /**
   * A JSON value with every text redacted, including the names of members. A member with the name of a secret is
   * replaced: an API key by its fingerprint, any other by `[redacted]`. Returns the same value when there is nothing to
   * redact.
   */
  value(value: unknown): unknown {
    return this.#value(value, 0);
  }

  #redact(text: string, depth: number): string {
    if (text.length > LONGEST_TEXT) return this.#redactLong(text, depth);
    // A mask can be longer than the text that it replaces.
    return this.#redactText(this.#jsonText(text, depth), depth).slice(0, LONGEST_TEXT);
  }

  #redactLong(text: string, depth: number): string {
    const end = this.#endOf(text, depth);
    const room = LONGEST_TEXT - end.length;
    const start = this.#redactText(text.slice(0, room + MARGIN), depth);
    // The margin at the end may hold only a part of a secret.
    return start.slice(0, Math.min(room, Math.max(start.length - MARGIN, MASK.length))) + end;
  }

  /**
   * The last lines of a long text. Empty when no line starts there: without the start of its line, half a secret could
   * not be recognised.
   */
  #endOf(text: string, depth: number): string {
    const redacted = this.#redactText(text.slice(-(END_OF_TEXT + MARGIN)), depth);
    const line = redacted.indexOf('\n', Math.max(MARGIN, redacted.length - END_OF_TEXT));
    return line < 0 ? '' : `${LEFT_OUT}${redacted.slice(line + 1)}`;
  }

  #redactText(text: string, depth: number): string {
    const before = marksOf(text);
    const result = this.#apply(text, before, depth);
    const marks = result === text ? before : marksOf(result);
    // The decoded text is only checked. It replaces the original only when something in it was redacted.
    const plain = marks.mayBeEncoded ? plainText(result) : result;
    if (plain === result) return result;
    const redacted = this.#apply(plain, marksOf(plain), depth);
    return redacted === plain ? result : redacted;
  }

  #apply(text: string, { hasLongWord, hasEncodable }: TextMarks, depth: number): string {
    // Encoded words are masked first. Another rule could mask only the beginning of an encoded word, and the rest could
    // then no longer be decoded.
    let result =
      depth < DEEPEST && hasEncodable
        ? maskEncoded(text, MASK, (decoded) => this.#redact(decoded, depth + ENCODED_DEPTH) !== decoded)
        : text;
    // Removing one secret can expose another secret directly beside it. The second round mostly changes nothing.
    for (let round = 0; round < ROUNDS; round++) {
      const before = result;
      for (const { hint, inLongWord, apply } of this.#rules) {
        if ((hasLongWord || !inLongWord) && hint.test(result)) result = apply(result);
      }
      if (result === before) break;
    }
    return result;
  }

  /** A text that is JSON is redacted as its parsed value, where names and values are certain. */
  #jsonText(text: string, depth: number): string {
    const first = text.charCodeAt(0);
    if ((first !== 123 && first !== 91) || depth >= DEEPEST) return text;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return text;
    }
    const redacted = this.#value(value, depth + TEXT_DEPTH);
    return redacted === value ? text : JSON.stringify(redacted);
  }

  #textAt(text: string, depth: number): string {
    return depth < TEXT_DEPTH ? this.text(text) : this.#redact(text, depth);
  }

  #value(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return this.#textAt(value, depth);
    if (typeof value !== 'object' || value === null) return this.#number(value);
    if (depth >= DEEPEST) return '[nested too deeply]';
    return Array.isArray(value)
      ? this.#list(value, depth)
      : this.#object(value as Record<string, unknown>, depth);
  }

  /** The number, or the mask if it is a card number: a card number can be a JSON number. */
  #number(value: unknown): unknown {
    if (typeof value !== 'number' || value < 1e11 || !Number.isSafeInteger(value)) return value;
    const text = String(value);
    return this.text(text) === text ? value : MASK;
  }

  #list(list: readonly unknown[], depth: number): readonly unknown[] {
    let changed = false;
    const isPairs = list.length > 0 && list.every(isPair);
    const result = list.map((item, at) => {
      const redacted = isPairs && isPair(item) ? this.#pair(item, depth) : this.#listItem(list, at, depth);
      changed ||= redacted !== item;
      return redacted;
    });
    return changed ? result : list;
  }

  /** One pair of a name and a value, such as a header. */
  #pair(pair: readonly [string, unknown], depth: number): readonly unknown[] {
    const [name, value] = pair;
    const { shown, holds } = this.#nameOf(name);
    const redacted =
      holds === 'anything' ? this.#value(value, depth + 2) : this.#member(holds, value, depth + 2);
    return redacted === value && shown === name ? pair : [shown, redacted];
  }

  /**
   * In a list of alternating names and values, as Node writes raw headers, the name before an item says what the item
   * holds.
   */
  #listItem(list: readonly unknown[], at: number, depth: number): unknown {
    const item = list[at];
    const before = list[at - 1];
    if (at % 2 === 1 && list.length % 2 === 0 && typeof before === 'string' && typeof item === 'string') {
      const { holds } = this.#nameOf(before);
      // A list of the names of missing parameters is not a list of pairs.
      if (holds !== 'anything' && !IDENTIFIER.test(item)) return this.#member(holds, item, depth + 1);
    }
    return this.#value(item, depth + 1);
  }

  #object(object: Record<string, unknown>, depth: number): Record<string, unknown> {
    const names = Object.keys(object);
    let entries: [string, unknown][] | null = null;
    const told = this.#toldName(object);
    for (const [at, name] of names.entries()) {
      const member = object[name];
      const { shown, holds, mayBePrompt } = this.#nameOf(name);
      const prompt = mayBePrompt ? hiddenPrompt(object, name) : undefined;
      let redacted: unknown;
      if (prompt !== undefined) redacted = prompt;
      else if (holds !== 'anything') redacted = this.#member(holds, member, depth + 1);
      else if (told !== null && /^val(?:ue)?$/i.test(name))
        redacted = this.#toldValue(told, member, depth + 1);
      else redacted = this.#value(member, depth + 1);
      if (entries === null && (redacted !== member || shown !== name)) {
        entries = names.slice(0, at).map((earlier) => [earlier, object[earlier]]);
      }
      entries?.push([shown, redacted]);
    }
    // Object.fromEntries defines own members, so that a member called __proto__ is data like any other.
    return entries === null ? object : Object.fromEntries(entries);
  }

  /**
   * What the value holds in an object that is one pair of a name and a value; null when it holds neither a secret nor a
   * prompt.
   */
  #toldName(object: Record<string, unknown>): { holds: Holds; isPrompt: boolean } | null {
    for (const place of PAIR_NAMES) {
      const name = object[place];
      if (typeof name !== 'string') continue;
      const { holds, mayBePrompt } = this.#nameOf(name);
      const isPrompt = mayBePrompt && hiddenPrompt({ [name]: object['value'] }, name) !== undefined;
      if (holds !== 'anything' || isPrompt) return { holds, isPrompt };
    }
    return null;
  }

  #toldValue(
    { holds, isPrompt }: { holds: Holds; isPrompt: boolean },
    value: unknown,
    depth: number,
  ): unknown {
    if (isPrompt) return isAnyValue(value) ? { stringValue: HIDDEN_PROMPT } : HIDDEN_PROMPT;
    // OTLP writes {"key": name, "value": {"stringValue": …}}.
    if (isAnyValue(value) && holds !== 'maybe_secret') return { stringValue: MASK };
    return holds === 'api_key' && typeof value === 'string'
      ? fingerprint(value)
      : this.#member(holds, value, depth);
  }

  #member(holds: Holds, member: unknown, depth: number): unknown {
    if (member === null || typeof member === 'boolean' || member === '' || member === undefined)
      return member;
    if (holds === 'api_key') return typeof member === 'string' ? fingerprint(member) : MASK;
    if (holds === 'secret') return MASK;
    return typeof member === 'string' && looksSecret(member) ? MASK : this.#value(member, depth);
  }
}

function isPair(item: unknown): item is readonly [string, unknown] {
  return Array.isArray(item) && item.length === 2 && typeof item[0] === 'string';
}

/** A value in OTLP notation, an object whose member names its type. */
function isAnyValue(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
