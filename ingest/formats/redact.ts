import { boundedMemo } from '../bounded-memo.ts';
import { fingerprint } from './fingerprint.ts';
import { redactionRules } from './redaction-rules.ts';

/** Longer texts are cut before anything reads them; stored bodies are far shorter. */
const LONGEST_TEXT = 65_536;
/** Deeper values are replaced; the decoder rejects such messages, so this guards direct callers. */
const DEEPEST = 64;
const ROUNDS = 4;
/** Codes, types and names of members are short and few: each is judged once. */
const SHORT = 48;
const REMEMBERED = 4096;
const API_KEY_NAME = /^(?:.*[._-])?(?:api[_-]?keys?|subscription[_-]key)$/i;
const SECRET_NAME =
  /^(?:.*[._-])?(?:authorization|cookie|passwords?|passwd|pwd|secrets?|credentials?|private[_-]?key|secret[_-]?key|access[_-]?key|(?:access|refresh|id|auth|session|security)[_-]?token)$/i;

interface MemberName {
  shown: string;
  holds: 'api_key' | 'secret' | 'anything';
}

const redactShort = boundedMemo(REMEMBERED, redactNow);
const judgeName = boundedMemo(REMEMBERED, describeName);

/**
 * The text without secrets: API keys of the known issuers, bearer and basic credentials, JSON web tokens, cookies,
 * passwords, key material, credentials and tokens in URLs, e-mail addresses, and whatever follows "Incorrect API key
 * provided". Organization, project and request ids stay. Idempotent; linear in time; at most 64 Ki characters.
 */
export function redactText(text: string): string {
  if (text.length < 5) return text;
  return text.length <= SHORT ? redactShort(text) : redactNow(text);
}

/**
 * A JSON value in which every text is redacted, names of members included, and every member with the name of a secret
 * is replaced: an API key by its fingerprint, any other by `[redacted]`. The value itself when there is nothing to do.
 */
export function redactValue(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEEPEST) return '[nested too deeply]';
  return Array.isArray(value)
    ? redactList(value, depth)
    : redactObject(value as Record<string, unknown>, depth);
}

function redactNow(text: string): string {
  let result = text.length > LONGEST_TEXT ? text.slice(0, LONGEST_TEXT) : text;
  // What one rule takes away can bare to another what stood glued to it; the second round mostly changes nothing.
  for (let round = 0; round < ROUNDS; round++) {
    const before = result;
    for (const { hint, apply } of redactionRules) {
      if (hint.test(result)) result = apply(result);
    }
    if (result === before) break;
  }
  // Masks can be longer than what they stand for.
  return result.length > LONGEST_TEXT ? result.slice(0, LONGEST_TEXT) : result;
}

function redactList(list: readonly unknown[], depth: number): readonly unknown[] {
  let changed = false;
  const result = list.map((item) => {
    const redacted = redactValue(item, depth + 1);
    changed ||= redacted !== item;
    return redacted;
  });
  return changed ? result : list;
}

function redactObject(object: Record<string, unknown>, depth: number): Record<string, unknown> {
  const names = Object.keys(object);
  let entries: [string, unknown][] | null = null;
  // OTLP writes members as {"key": name, "value": {...}}.
  const attribute =
    typeof object['key'] === 'string' && object['value'] !== undefined ? judgeName(object['key']) : null;
  for (const [at, name] of names.entries()) {
    const member = object[name];
    const { shown, holds } = name.length <= SHORT ? judgeName(name) : describeName(name);
    let redacted: unknown;
    if (member === null || typeof member === 'boolean' || member === '') redacted = member;
    else if (holds === 'api_key') redacted = typeof member === 'string' ? fingerprint(member) : '[redacted]';
    else if (holds === 'secret') redacted = '[redacted]';
    else if (name === 'value' && attribute !== null && attribute.holds !== 'anything')
      redacted = { stringValue: '[redacted]' };
    else redacted = redactValue(member, depth + 1);
    if (entries === null && (redacted !== member || shown !== name)) {
      entries = names.slice(0, at).map((earlier) => [earlier, object[earlier]]);
    }
    entries?.push([shown, redacted]);
  }
  // Object.fromEntries defines own members, so that a member called __proto__ is data like any other.
  return entries === null ? object : Object.fromEntries(entries);
}

function describeName(name: string): MemberName {
  const short = name.slice(0, 2 * SHORT);
  const holds = API_KEY_NAME.test(short) ? 'api_key' : SECRET_NAME.test(short) ? 'secret' : 'anything';
  return { shown: name.length < 5 ? name : redactNow(name), holds };
}
