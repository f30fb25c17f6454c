import { keyPrefixes } from './key-prefixes.ts';

/** One kind of secret. */
export interface RedactionRule {
  /** Matches every text that the rule can change; much cheaper than the rule. */
  hint: RegExp;
  apply: (text: string) => string;
}

const MASK = '[redacted]';
/** What stands where a value could and is none. */
const NO_VALUE = /^(?:null|none|nil|undefined|true|false|required|missing|invalid|\[redacted.*)$/i;
const PREFIX = `(?:${keyPrefixes.join('|')})`;
const KEY_START = new RegExp(`^${PREFIX}`);
/** A key as its issuer or we show it: nothing more to take away. */
const SHOWN_KEY = new RegExp(`^${PREFIX}?…[A-Za-z0-9_*-]{0,4}(?:#[0-9a-f]{8})?(?:\\[redacted\\])?$`);
/** Words that follow "bearer" and "basic" in prose. */
const PROSE =
  '(?:auth|authentication|authorization|credentials?|tokens?|header|headers|scheme|realm=|error=|\\[redacted)';

const SECRET_NAMES =
  'api[_ -]?key|apikey|subscription[_-]key|(?:access|secret|private|account|shared|signing)[_ -]?(?:access[_-]?)?key|client[_-]?secret|' +
  '(?:access|refresh|id|auth|session|security|bearer)[_-]?token|password|passwd|pwd|secret';
const HEADER_NAMES = 'proxy-authorization|authorization|set-cookie|cookie|x-api-key|api-key|x-goog-api-key';

const PEM = /-----BEGIN [A-Z0-9 ]{1,40}-----[\s\S]*?(?:-----END [A-Z0-9 ]{1,40}-----|$)/g;
const SEPARATED = `["'\\\\]{0,6}\\s{0,3}[:=]\\s{0,3}(?:b(?=["']))?["'\\\\]{0,6}`;
const COOKIE = new RegExp(`(cookie${SEPARATED})(?!\\[redacted)[^\\s"'\\\\][^\\r\\n"'\\\\}]*`, 'gi');
const AUTHORIZATION = new RegExp(
  `((?:proxy-)?authorization${SEPARATED})(?:(?:digest|aws4-hmac-sha256|hawk|signature)\\s[^\\r\\n]*|((?:bearer|basic|token|apikey|negotiate)\\s{1,3})([^\\s"'\\\\,;)}]+)|([^\\s"'\\\\,;)}]+))`,
  'gi',
);
const TUPLE = new RegExp(
  `(\\(b?["'](?:${HEADER_NAMES}|${SECRET_NAMES})["'],\\s{0,3}b?["'])[^"'\\r\\n]*(?=["'])`,
  'gi',
);
const PAIR = new RegExp(
  `(${SECRET_NAMES})(["'\\\\]{0,6}\\s{0,3}(?:=>|[:=])\\s{0,3}(?:b(?=["']))?)(?:(\\\\{0,3}["'])([^\\r\\n]{0,4096}?)\\3|([^\\s"'\\\\,;&<>(){}\\]]+))`,
  'gi',
);
const NAMED_HEX =
  /((?:key|token|secret)\b[^A-Za-z0-9\r\n]{1,6}(?:(?:is|was|of|value)[^A-Za-z0-9\r\n]{1,4})?)([A-Fa-f0-9]{32,}|[A-Za-z0-9]{40,})(?![A-Za-z0-9])/gi;
const NAMED_HEX_HINT =
  /(?:key|token|secret)[^A-Za-z0-9\r\n]{1,6}(?:(?:is|was|of|value)[^A-Za-z0-9\r\n]{1,4})?[A-Za-z0-9]{32}/i;
const BEARER = new RegExp(
  `(bearer(?:\\s|%20|\\+|:)+["'\\\\]{0,3})(?!${PROSE})[^\\s"'\\\\,;<>(){}\\[\\]]{6,}`,
  'gi',
);
const BASIC = /(\bbasic(?:\s|%20|\+|:){1,4})([A-Za-z0-9+/_-]{8,}={0,2})/gi;
const JSON_WEB_TOKEN = /eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)*/g;
const MASKED_KEY = /(?<![A-Za-z0-9_*-])((?:sk|pk|xai|gsk|hf|pplx)[-_])[A-Za-z0-9_-]*\*{2,}[A-Za-z0-9_*-]*/g;
const SK_PREFIXES = 'sk-(?:proj-|svcacct-|service-|admin-|ant-(?:api03-|admin01-|oat01-)?|or-(?:v1-)?|lf-)?';
const SK_KEY = new RegExp(`(${SK_PREFIXES})[A-Za-z0-9_-]{8,}`, 'g');
const SK_PREFIX = new RegExp(`^${SK_PREFIXES}$`);
/** Where a word can begin: not after a letter or digit, except where that letter ends an escape sequence. */
const WORD_START = /(?:^|[^A-Za-z0-9]|\\[nrtbf]|%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4})$/;
const KNOWN_KEY = new RegExp(
  [
    '(AIza|nvapi-|glpat-|github_pat_|tgp_v1_)[A-Za-z0-9_-]{16,}',
    '(gsk_|hf_|r8_|fw_|jina_|vck_|ek_|npm_|gh[pousr]_|[sr]k_live_|[sr]k_test_|sk_|lsv2_[ps][tk]_)[A-Za-z0-9]{16,}(?:_[A-Za-z0-9]{8,})?',
    '(xai-|pplx-|csk-|sess-)[A-Za-z0-9]{16,}',
    '(pk-lf-|tvly-|xox[abopsr]-)[A-Za-z0-9-]{10,}',
    '(ya29\\.|AQ\\.)[A-Za-z0-9_-]{16,}',
    '(ABSK)[A-Za-z0-9+/]{24,}={0,2}',
    '(dapi)[0-9a-f]{32}',
    '(AKIA|ASIA)[A-Z0-9]{16}',
  ].join('|'),
  'g',
);
const AZURE_KEY = /(?<![A-Za-z0-9])[A-Za-z0-9]{20,}(?:JQQJ99|AAAAAC)[A-Za-z0-9]{8,}/g;
const URL_CREDENTIALS = /(:\/\/)[^\s/?#"'<>\\]*@/g;
const URL_PARAMETER =
  /([?&;](?:[a-z0-9]{1,12}[_-])?(?:key|api[_-]?key|apikey|token|access[_-]?token|sig|signature|secret|password|auth|credential|code)=)(?!\[redacted)[^&\s"'<>#\\]+/gi;
const EMAIL =
  /(?<![\p{L}\p{N}\p{M}._%+'-])[\p{L}\p{N}._%+'-][\p{L}\p{N}\p{M}._%+'-]*@[\p{L}\p{N}\p{M}-]+(?:\.[\p{L}\p{N}\p{M}-]+)*\.\p{L}[\p{L}\p{M}\p{N}-]+/gu;
const ECHO = /api[ -]?key provided\s{0,2}:/gi;
/** A quotation mark that closes what stands around is no beginning. */
const ECHO_START = /^\s{0,3}(?:\\{0,3}["'`](?!\s*(?:[,}\])]|$)))?/;
const ECHO_END = /\.?\s+you can (?:find|obtain|get)|\s\(request id|[\r\n<]|\\[nr]|["\\]|'(?=[\s,}\])]|$)|$/i;

/** In the order they are applied. Each is linear: a match consumes what it looked at, or looks at a bounded stretch. */
export const redactionRules: readonly RedactionRule[] = [
  { hint: /-----begin/i, apply: (text) => text.replace(PEM, MASK) },
  { hint: /key provided/i, apply: redactEcho },
  {
    hint: /authorization|cookie/i,
    apply: (text) => text.replace(COOKIE, `$1${MASK}`).replace(AUTHORIZATION, redactAuthorization),
  },
  { hint: /\(b?["'][a-z]/i, apply: (text) => text.replace(TUPLE, `$1${MASK}`) },
  {
    hint: /(?:key|token|secret|pass(?:word|wd)|pwd)["'\\]{0,6}\s{0,3}[:=]/i,
    apply: (text) => text.replace(PAIR, redactPair),
  },
  { hint: NAMED_HEX_HINT, apply: (text) => text.replace(NAMED_HEX, `$1${MASK}`) },
  { hint: /bearer/i, apply: (text) => text.replace(BEARER, `$1${MASK}`) },
  { hint: /basic/i, apply: (text) => text.replace(BASIC, redactBasic) },
  { hint: /eyJ/, apply: (text) => text.replace(JSON_WEB_TOKEN, redactToken) },
  { hint: /\*\*/, apply: (text) => text.replace(MASKED_KEY, reduceMasked) },
  { hint: /sk-/, apply: (text) => text.replace(SK_KEY, redactSk) },
  {
    // The sign comes first and what must stand before it after: one sign is found far faster than many beginnings.
    hint: /AIza|AQ\.|ya29|ABSK|dapi|AKIA|ASIA|_(?<=(?:gsk|hf|r8|fw|jina|vck|ek|npm|sk|rk|live|test|gh[pousr]|[sp][tk]|v1|pat)_)|-(?<=(?:nvapi|glpat|xai|pplx|csk|sess|lf|tvly|xox[abopsr])-)/,
    apply: (text) => text.replace(KNOWN_KEY, (all: string, ...groups: unknown[]) => keepPrefix(all, groups)),
  },
  { hint: /JQQJ99|AAAAAC/, apply: (text) => text.replace(AZURE_KEY, MASK) },
  { hint: /@/, apply: (text) => text.replace(URL_CREDENTIALS, `$1${MASK}@`).replace(EMAIL, MASK) },
  { hint: /[?&;][a-z0-9_-]{1,32}=/i, apply: (text) => text.replace(URL_PARAMETER, `$1${MASK}`) },
];

/** The API repeats the caller's text after this sentence, and callers paste anything there, short and unmasked. */
function redactEcho(text: string): string {
  let result = '';
  let done = 0;
  for (const match of text.matchAll(ECHO)) {
    if (match.index < done) continue;
    const after = match.index + match[0].length;
    const opening = ECHO_START.exec(text.slice(after, after + 10))?.[0] ?? '';
    const start = after + opening.length;
    // Two thousand characters hold any key; beyond them everything up to there is taken.
    const rest = text.slice(start, start + 2_000);
    const end = start + (ECHO_END.exec(rest)?.index ?? rest.length);
    const value = text.slice(start, end).replace(/[.,]$/, '');
    result += text.slice(done, start) + (value === '' ? '' : showEcho(value));
    done = start + value.length;
  }
  return result + text.slice(done);
}

function showEcho(value: string): string {
  if (SHOWN_KEY.test(value) || value.startsWith(MASK)) return value;
  return value.includes('**') && /^[A-Za-z0-9_*-]+$/.test(value) ? reduceMasked(value) : MASK;
}

/** A key that its issuer masked: the known prefix and at most the last four characters. */
function reduceMasked(masked: string): string {
  const prefix = KEY_START.exec(masked)?.[0] ?? '';
  const tail = masked.slice(masked.lastIndexOf('*') + 1).slice(-4);
  return `${prefix}…${tail}`;
}

function redactAuthorization(
  all: string,
  name: string,
  scheme: string | undefined,
  credentials: string | undefined,
  bare: string | undefined,
): string {
  const value = credentials ?? bare;
  return value !== undefined && NO_VALUE.test(value) ? all : `${name}${scheme ?? ''}${MASK}`;
}

function redactPair(
  all: string,
  name: string,
  separator: string,
  quote: string | undefined,
  quoted: string | undefined,
  bare: string | undefined,
): string {
  const value = quoted ?? bare ?? '';
  if (value === '' || NO_VALUE.test(value) || SHOWN_KEY.test(value)) return all;
  // "Invalid API key: Error code: 429 …" is prose; only what looks like a secret is one there.
  if (quote === undefined && name.includes(' ') && !/^(?=.*[0-9*])[^…]{6,}$|^[^…]{20,}$/.test(value))
    return all;
  return `${name}${separator}${quote ?? ''}${MASK}${quote ?? ''}`;
}

/** "Basic" is also a word and the name of a plan: what follows must look like base64. */
function redactBasic(all: string, scheme: string, value: string): string {
  return /[0-9=]|[a-z][A-Z]/.test(value) ? `${scheme}${MASK}` : all;
}

/** Inside a word the three letters are chance, unless the parts of a token follow. */
function redactToken(all: string, offset: number, text: string): string {
  return all.includes('.') || startsWord(text, offset) ? MASK : all;
}

function redactSk(all: string, prefix: string, offset: number, text: string): string {
  // What is left of a key that was redacted before.
  if (text[offset + all.length] === '…' && SK_PREFIX.test(all)) return all;
  // "risk-assessment-service" holds "sk-" too. Inside a word only what is no word is a key.
  if (!startsWord(text, offset)) {
    const mixed = all.length >= 20 && /\d/.test(all) && /[A-Z]/.test(all) && /[a-z]/.test(all.slice(3));
    if (!mixed && !/(?=[A-Za-z]*\d)[A-Za-z0-9]{20,}/.test(all)) return all;
  }
  return `${prefix}…${MASK}`;
}

function startsWord(text: string, offset: number): boolean {
  return WORD_START.test(text.slice(Math.max(0, offset - 6), offset));
}

function keepPrefix(all: string, groups: readonly unknown[]): string {
  const prefix = groups.find((group): group is string => typeof group === 'string' && all.startsWith(group));
  return `${prefix ?? ''}…${MASK}`;
}
