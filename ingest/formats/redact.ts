import { fingerprint } from './fingerprint.ts';
import { redactionRules } from './redaction-rules.ts';

/** Longer texts are cut before anything reads them; stored bodies are far shorter. */
const LONGEST_TEXT = 65_536;
/** Deeper values are replaced; the decoder rejects such messages, so this guards direct callers. */
const DEEPEST = 64;
const API_KEY_NAME = /^(?:.*[_-])?(?:api[_-]?key|subscription[_-]key)$/i;
const SECRET_NAME =
  /^(?:.*[_-])?(?:authorization|cookie|password|passwd|pwd|secret|credentials?|private[_-]?key|secret[_-]?key|access[_-]?key|(?:access|refresh|id|auth|session|security)[_-]?token)$/i;

/**
 * The text without secrets: API keys of the known issuers, bearer and basic credentials, JSON web tokens, cookies,
 * passwords, key material, credentials and tokens in URLs, e-mail addresses, and whatever follows "Incorrect API key
 * provided". Organization, project and request ids stay. Idempotent; linear in time; at most 64 Ki characters.
 */
export function redactText(text: string): string {
  if (text.length < 5) return text;
  let result = text.length > LONGEST_TEXT ? text.slice(0, LONGEST_TEXT) : text;
  // One lower-cased copy answers "can this rule apply at all" with plain searches, much faster than the rules.
  const lower = result.toLowerCase();
  for (const rule of redactionRules) {
    if (rule.triggers.some((trigger) => lower.includes(trigger))) result = rule.apply(result);
  }
  return result;
}

/**
 * A copy of a JSON value in which every text is redacted, names of members included, and every member with the name of
 * a secret is replaced: an API key by its fingerprint, any other by `[redacted]`.
 */
export function redactValue(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEEPEST) return '[nested too deeply]';
  if (Array.isArray(value)) return value.map((item) => redactValue(item, depth + 1));
  // Object.fromEntries defines own members, so that a member called __proto__ is data like any other.
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [redactText(name), redactMember(name, member, depth)]),
  );
}

function redactMember(name: string, member: unknown, depth: number): unknown {
  if (member === null || typeof member === 'boolean' || member === '') return member;
  if (name.length <= 64) {
    if (API_KEY_NAME.test(name)) return typeof member === 'string' ? fingerprint(member) : '[redacted]';
    if (SECRET_NAME.test(name)) return '[redacted]';
  }
  return redactValue(member, depth + 1);
}
