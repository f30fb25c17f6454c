/** What a member, header or variable holds, judged by its name. */
export type Holds = 'api_key' | 'secret' | 'maybe_secret' | 'anything';

const LONGEST = 96;
const API_KEY = /(?:^|[._-])(?:api[_-]?keys?|subscription[_-]key|goog[_-]api[_-]key)$/i;
const SECRET =
  /(?:^|[._-])(?:authorization|cookies?|set-cookie|passwords?|passwd|passphrase|passcode|pwd|secrets?|credentials?|(?:private|secret|access|account|shared|signing|encryption|master|storage)[_-]?(?:access[_-]?)?key|[a-z0-9]{0,16}[_-]?session[_-]?ids?|sessionid|[jp](?:hp)?sess(?:ion)?id|connect\.sid|sid|csrf|xsrf|csrftoken|webhook(?:[_-]?ur[li])?|connection[_-]?string|dsn|jwt|bearer|(?:access|refresh|id|auth|session|security|bearer|bot|api|user|vault|csrf|xsrf|webhook|verification|app|service|personal|private|client|device|amz-security)[_-]?token|x-amz-[a-z-]{0,24}(?:signature|credential|security-token))$/i;
/** Names that mostly hold something harmless: their value is a secret only if it looks like one. */
const MAYBE_SECRET = /(?:^|[._-])(?:tokens?|signature|sig|auth|otp|login|sas)$/i;
const LOOKS_SECRET = /^(?=[^\s]{12,}$)(?=.*[0-9])(?=.*[A-Za-z])/;

/** Judges a name in any notation: `apiKey`, `x-api-key`, `AZURE_OPENAI_API_KEY`, `gen_ai.api_key`. */
export function holdsOf(name: string): Holds {
  const parted = name.slice(0, LONGEST).replace(/([a-z0-9])([A-Z])/g, '$1_$2');
  if (API_KEY.test(parted)) return 'api_key';
  if (SECRET.test(parted)) return 'secret';
  return MAYBE_SECRET.test(parted) ? 'maybe_secret' : 'anything';
}

/**
 * Whether a text looks like a secret rather than a word: at least 12 characters without blanks, with digits and
 * letters.
 */
export function looksSecret(text: string): boolean {
  return LOOKS_SECRET.test(text);
}
