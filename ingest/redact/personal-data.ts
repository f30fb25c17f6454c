import type { Privacy } from '../../domain/settings.ts';
import { MASK, type RedactionRule } from './redaction-rules.ts';

/** Replaces a text that a user or a model wrote. */
export const HIDDEN_PROMPT = '[prompt hidden]';

const EMAIL =
  /(?<![\p{L}\p{N}\p{M}._%+'-])[\p{L}\p{N}._%+'-][\p{L}\p{N}\p{M}._%+'-]*@[\p{L}\p{N}\p{M}-]+(?:\.[\p{L}\p{N}\p{M}-]+)*\.\p{L}[\p{L}\p{M}\p{N}-]+/gu;
/**
 * The rules look for card and phone numbers only in texts with seven digits in a row, which may have up to two
 * separators between neighbours.
 */
const SEVEN_DIGITS = /[0-9](?:[ .()/-]{0,2}[0-9]){6}/;
/**
 * International numbers, numbers in North American notation, and (TOLD_PHONE) any number after a word such as "phone".
 */
const PHONE =
  /(?<![\w+./-])(?:\+[1-9](?:[ .()/-]{0,2}[0-9]){7,14}|\(?[2-9][0-9]{2}\)?[ .-][2-9][0-9]{2}[.-][0-9]{4}|\([2-9][0-9]{2}\)[0-9]{3}-[0-9]{4})(?![\w-])/g;
const TOLD_PHONE =
  /(\b(?:phone|telephone|tel|mobile|cell|fax|whatsapp|sms)(?:[ _-]?(?:number|no|nr))?["'\\]{0,4}\.?\s{0,2}[:=#]?\s{0,3}["'\\]{0,4})\+?[0-9(](?:[ .()/-]{0,2}[0-9]){6,14}(?![\w-])/gi;
/** A payment card number, with or without groups; its last digit is a checksum of the others. */
const CARD = /(?<![\w.-])[2-6](?:[ -]?[0-9]){12,18}(?![\w-]|\.[0-9])/g;
const IPV4 =
  /(?<![\w.-])(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(?![\w-]|\.[0-9])/g;
const IPV6 =
  /(?<![\w:.])(?=[0-9A-Fa-f:]{0,39}:[0-9A-Fa-f:])(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9A-Fa-f]{1,4}|(?<=::))(?![\w:])/g;
const QUOTED_PROMPT =
  /(["']role["']\s{0,3}:\s{0,3}["'](?:user|assistant|system|developer|tool|model|function)["']\s{0,3},\s{0,3}["'](?:content|text)["']\s{0,3}:\s{0,3})(?:"(?!\[prompt)(?:[^"\\]|\\.)*"?|'(?!\[prompt)(?:[^'\\]|\\.)*'?)/g;

/** Names of members that hold a prompt or an answer, in the request bodies of the APIs and in traces. */
const PROMPT_NAME =
  /^(?:prompts?|system_?instructions?|(?:gen_ai|llm)\.(?:prompt|completion|system_instructions|(?:input|output)[._]messages)(?:\..*)?|(?:input|output)\.value|traceloop\.entity\.(?:input|output))$/;
/**
 * Names that hold a prompt only if the value is a sentence or a list: in "input": "messages" the value is the name of a
 * parameter.
 */
const PROMPT_TEXT = /^(?:input|instructions|completion)$/;
/** Names that hold a prompt only together with the members beside them. */
const PROMPT_PLACE = /^(?:content|text|parts|arguments|message|delta)$/;
/** All members that a message of a conversation can have. */
const MESSAGE_MEMBERS =
  /^(?:role|content|refusal|name|reasoning(?:_content)?|annotations|audio|(?:tool|function)_calls?)$/;

/** The redaction rules for the kinds of personal data that the settings hide. */
export function personalRules(privacy: Privacy): readonly RedactionRule[] {
  const rules: RedactionRule[] = [];
  if (privacy.hide_email) rules.push({ hint: /@/, apply: (text) => text.replace(EMAIL, MASK) });
  if (privacy.hide_card)
    rules.push({
      hint: SEVEN_DIGITS,
      apply: (text) => text.replace(CARD, (all) => (isCard(all.replaceAll(/[ -]/g, '')) ? MASK : all)),
    });
  if (privacy.hide_phone)
    rules.push({
      hint: SEVEN_DIGITS,
      apply: (text) => text.replace(PHONE, MASK).replace(TOLD_PHONE, `$1${MASK}`),
    });
  if (privacy.hide_ip)
    rules.push({
      hint: /[0-9]\.[0-9]|:[0-9A-Fa-f]{0,4}:/,
      apply: (text) => text.replace(IPV4, MASK).replace(IPV6, MASK),
    });
  if (privacy.hide_prompts)
    rules.push({
      hint: /["']role["']/,
      apply: (text) => text.replace(QUOTED_PROMPT, `$1"${HIDDEN_PROMPT}"`),
    });
  return rules;
}

/** Whether a member of this name may hold a prompt or an answer. */
export function mayNamePrompt(name: string): boolean {
  return PROMPT_PLACE.test(name) || PROMPT_TEXT.test(name) || PROMPT_NAME.test(name);
}

/** The replacement for the value of a member that holds a prompt or an answer; undefined when it holds neither. */
export function hiddenPrompt(object: Readonly<Record<string, unknown>>, name: string): unknown {
  const value = object[name];
  const mayBe = (typeof value === 'string' && value !== '') || (typeof value === 'object' && value !== null);
  if (!mayBe) return undefined;
  return holdsPrompt(object, name, value) ? HIDDEN_PROMPT : hiddenAnswer(name, value);
}

function holdsPrompt(object: Readonly<Record<string, unknown>>, name: string, value: unknown): boolean {
  switch (name) {
    case 'content':
    case 'text':
      return typeof object['role'] === 'string';
    case 'parts':
      return Array.isArray(value) && value.some((part: unknown) => isObject(part) && 'text' in part);
    case 'arguments':
      return typeof object['name'] === 'string';
  }
  if (PROMPT_NAME.test(name)) return true;
  if (!PROMPT_TEXT.test(name)) return false;
  if (typeof value === 'string') return /\s/.test(value);
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string');
}

/** The replacement for a partial answer that came before the error; undefined for any other value. */
function hiddenAnswer(name: string, value: unknown): unknown {
  if ((name !== 'message' && name !== 'delta') || !isObject(value) || typeof value['content'] !== 'string')
    return undefined;
  const isMessage = Object.keys(value).every((member) => MESSAGE_MEMBERS.test(member));
  return isMessage && value['content'] !== '' && value['content'] !== HIDDEN_PROMPT
    ? { ...value, content: HIDDEN_PROMPT }
    : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether the length and the first digits are those of a card issuer and the last digit is right (Luhn). */
function isCard(digits: string): boolean {
  const issued =
    /^(?:4[0-9]{12}(?:[0-9]{3})?(?:[0-9]{3})?|(?:5[1-5]|2[2-7])[0-9]{14}|3[47][0-9]{13}|6(?:011|4[4-9]|5[0-9])[0-9]{12}|35(?:2[89]|[3-8][0-9])[0-9]{12}|3(?:0[0-5]|[68][0-9])[0-9]{11}|62[0-9]{14,17})$/;
  if (!issued.test(digits)) return false;
  let sum = 0;
  for (let at = 0; at < digits.length; at++) {
    const digit = Number(digits[digits.length - 1 - at]) * (at % 2 === 0 ? 1 : 2);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return sum % 10 === 0;
}
