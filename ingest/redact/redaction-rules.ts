import { keyPrefixes } from './key-prefixes.ts';
import { looksSecret } from './secret-names.ts';
import {
  maskCutToken,
  maskSignedTokens,
  maskTokens,
  mayEndInToken,
  mayHoldSignedToken,
  mayHoldToken,
} from './token-formats.ts';

/** One kind of secret. */
export interface RedactionRule {
  /** True for every text that the rule can change; much cheaper than the rule. */
  hint: { test: (text: string) => boolean };
  /** Set when the rule changes only long words. */
  inLongWord?: true;
  apply: (text: string) => string;
}

export const MASK = '[redacted]';
/** Words in the place of a value that are not secrets. */
const NO_VALUE = /^(?:null|none|nil|undefined|true|false|required|missing|invalid|\[redacted.*)$/i;
const PREFIX = `(?:${keyPrefixes.join('|')})`;
const KEY_START = new RegExp(`^${PREFIX}`);
/** A key that its issuer or this program has already shortened: there is nothing more to remove. */
const SHOWN_KEY = new RegExp(`^${PREFIX}?…[A-Za-z0-9_*-]{0,4}(?:#[0-9a-f]{8})?(?:\\[redacted\\])?$`);
/** Words that follow "bearer" and "basic" in ordinary prose. */
const PROSE =
  '(?:auth|authentication|authorization|credentials?|tokens?|header|headers|scheme|realm=|error=|\\[redacted)';

const SECRET_NAMES =
  'api[_ -]?key|apikey|subscription[_-]key|' +
  '(?:access|secret|private|account|shared|signing|encryption|master|storage)[_ -]?(?:access[_-]?)?key|' +
  '(?:access|refresh|id|auth|session|security|bearer|bot|api|user|vault|csrf|xsrf|webhook|service|personal|private|client|device)[_-]?token|' +
  'client[_-]?secret|password|passwd|passphrase|passcode|pwd|secret|' +
  'session[_-]?id|sessid|connect\\.sid|\\bsid|(?:x-amz|x-goog)-(?:signature|credential)';
const HEADER_NAMES = 'proxy-authorization|authorization|set-cookie|cookie|x-api-key|api-key|x-goog-api-key';
/** The value of such a name is a secret only if it looks like one. */
const MAYBE_NAMES = '(?<![A-Za-z])(?:token|signature|sig|auth|login|otp|credential)';

const PEM = /-----BEGIN [A-Z0-9 ]{1,40}-----[\s\S]*?(?:-----END [A-Z0-9 ]{1,40}-----|$)/g;
const SEPARATED = `["'\\\\]{0,6}\\s{0,3}[:=]\\s{0,3}(?:b(?=["']))?["'\\\\]{0,6}`;
const COOKIE = new RegExp(`(cookie${SEPARATED})(?!\\[redacted)[^\\s"'\\\\][^\\r\\n"'\\\\}]*`, 'gi');
const AUTHORIZATION = new RegExp(
  `((?:proxy-)?authorization${SEPARATED})(?:(?:digest|aws4-hmac-sha256|goog4-[a-z0-9-]{1,20}|hawk|signature)\\s[^\\r\\n]*|((?:bearer|basic|token|apikey|negotiate)\\s{1,3})([^\\s"'\\\\,;)}]+)|([^\\s"'\\\\,;)}]+))`,
  'gi',
);
/** A name and a value side by side in a list or tuple, as in `["authorization", "…"]`. */
const TUPLE = new RegExp(
  `([([]\\s{0,3}b?["'](?:[a-z]{1,16}[._-]){0,3}(?:${HEADER_NAMES}|${SECRET_NAMES})["'],\\s{0,3}b?["'])(?!\\[redacted)[^"'\\r\\n]+(?=["']|$)`,
  'gi',
);
/**
 * A name and a value as two members, as HAR writes headers. In OpenTelemetry's notation an object wraps the value, and
 * there may be several values.
 */
const NAMED_VALUE = new RegExp(
  `((?:name|key|header)\\\\{0,3}["']?\\s{0,3}[:=]\\s{0,3}\\\\{0,3}["']?[a-z0-9._-]{0,32}(?:${HEADER_NAMES}|${SECRET_NAMES}|token)\\\\{0,3}["']?\\s{0,3}[,;]?\\s{0,12}\\\\{0,3}["']?val(?:ue)?\\\\{0,3}["']?\\s{0,3}[:=]\\s{0,3}(?:[{[]\\s{0,3}(?:\\\\{0,3}["'][a-z_]{1,16}\\\\{0,3}["']\\s{0,3}:\\s{0,3})?){0,4})(?:(\\\\{0,3}["'])(?!\\[redacted)[^"'\\r\\n]+(?:["']\\s{0,3}}\\s{0,3},\\s{0,3}{\\s{0,3}\\\\{0,3}["'][a-z_]{1,16}\\\\{0,3}["']\\s{0,3}:\\s{0,3}\\\\{0,3}["'][^"'\\r\\n]+){0,64}|(?!\\[redacted)[^\\s"',;&<>(){}[\\]\\\\]+)`,
  'gi',
);
/** A flag of a command line with its value. */
const FLAG = new RegExp(
  `(--(?:[a-z0-9]{1,16}[-_.]){0,3}(?:${SECRET_NAMES}|token)[ \\t]{1,3}["']?)(?!-|\\[redacted|(?:flag|option|argument|parameter|value|is|was|must|may|can|or|and|to|from|in|with|for|if)\\b)[^\\s"']+`,
  'gi',
);
const PAIR = new RegExp(
  `(${SECRET_NAMES})(["'\\\\\\]]{0,6}\\s{0,3}(?:=>|[:=])\\s{0,3}(?:b(?=["']))?)(?:(\\\\{0,3}["'])([^\\r\\n]{0,4096}?)\\3|(["'\\\\]{0,4})([^\\s"'\\\\,;&<>(){}\\]]+))`,
  'gi',
);
const MAYBE_PAIR = new RegExp(
  `(${MAYBE_NAMES}["'\\\\]{0,6}\\s{0,3}(?:=>|[:=])\\s{0,3}["'\\\\]{0,4})([^\\s"'\\\\,;&<>(){}\\]]{12,})`,
  'gi',
);
/**
 * An element of XML, also in the form in which HTML shows it. The value, which may be in CDATA, ends at the closing tag
 * or where the text is cut.
 */
const ELEMENT = new RegExp(
  `((?:<|&lt;)([a-z0-9._:-]{0,32}(?:${HEADER_NAMES}|${SECRET_NAMES}|token))(?:\\s[^<>]{0,1024})?(?:>|&gt;)\\s{0,256})(?!\\s|\\[redacted)(?:<!\\[CDATA\\[(?!\\[redacted)(?:(?!\\]\\]>)[\\s\\S]){1,65536}|(?=<[a-z!])[\\s\\S]{1,512}?(?=<\\/\\2>)|(?:(?!&lt;)[^<]){1,65536}(?=(?:<|&lt;)\\/)|(?:(?!&lt;)[^\\s<]){1,65536}<?$)`,
  'gi',
);
/** A block of YAML: the lines under the name that are indented more than the name, and the empty lines between them. */
const YAML_BLOCK = new RegExp(
  `((?:^|[\\r\\n]|\\\\n)([ \\t]{0,64})(?:-[ \\t]{1,8})?["']?[a-z0-9._-]{0,128}(?:${HEADER_NAMES}|${SECRET_NAMES}|token)["']?[ \\t]{0,3}:[ \\t]{0,8})(?:(?:[!&][^\\s\\\\]{1,64}[ \\t]{1,8}){0,2}[|>][0-9+-]{0,2}[ \\t]{0,64}(?:#(?:(?!\\\\n|\\\\r)[^\\r\\n]){0,256})?|(?=(?:[ \\t]*(?:\\r?\\n|(?:\\\\r)?\\\\n)){1,8}[ \\t]*(?!-|\\[redacted|["'\\w.-]{1,64}:(?:\\s|\\\\n|$))\\S))(?:(?:[ \\t]*(?:\\r?\\n|(?:\\\\r)?\\\\n|\\n\\n)){1,8}\\2[ \\t]+(?:(?!\\\\n|\\\\r\\\\n)[^\\r\\n])*){1,1024}`,
  'gi',
);
/** Parts of a request signature of AWS or Google. */
const SIGNED = /((?:credential|signature)=)(?!\[redacted)[^\s,;"'&<>\\]+/gi;
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
/** What is before a word: no letter or digit, unless it is the end of an escape sequence. */
const WORD_START = /(?:^|[^A-Za-z0-9]|\\[nrtbf]|%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4})$/;
/** Webhook addresses: everybody who knows such an address can use it. */
const WEBHOOK = new RegExp(
  `((?:${[
    'hooks\\.slack\\.com\\/(?:services|workflows|triggers)',
    '\\/(?:services|workflows|triggers)(?=\\/T[A-Z0-9]{7,})',
    '\\/api\\/(?:v\\d{1,2}\\/)?webhooks',
    '\\/webhookb2',
    'outlook\\.office(?:365)?\\.com\\/webhook',
    'hooks\\.zapier\\.com\\/hooks\\/catch',
    'make\\.com',
    'maker\\.ifttt\\.com\\/(?:use|trigger\\/[^\\s/]{1,64}\\/(?:json\\/)?with\\/key)',
    'events\\.pagerduty\\.com\\/integration',
    'open-apis\\/bot\\/v2\\/hook',
    '\\/(?:web)?hooks?(?=\\/[A-Za-z0-9_-]{16})',
  ].join(
    '|',
  )})\\/)(?!\\[redacted)[^\\s"'<>\\\\)]{8,}|(api\\.telegram\\.org\\/(?:file\\/)?bot)(?!\\[redacted)[^\\s"'<>\\\\/]{8,}`,
  'gi',
);
/** User and password on a command line. */
const CURL_USER =
  /(\bcurl(?:\s[^\r\n]{0,120}?)?\s(?:-u|--user)[\s=]{0,3}["']?)(?!\[redacted)[^\s"':]{1,128}:[^\s"']+/gi;
const URL_CREDENTIALS = /(:\/\/)[^\s/?#"'<>\\]*@/g;
const URL_PARAMETER =
  /([?&;](?:[a-z0-9]{1,16}[_.-]){0,4}(?:key|keyid|accesskeyid|accessid|key-pair-id|apikey|[a-z]{0,12}token|sig|signature|secret|password|passwd|pwd|auth|credentials?|code|policy|sessionid|session_id|sid|hmac)=)(?!\[redacted)[^&\s"'<>#\\]+/gi;
const ECHO = /api[ -]?key provided\s{0,2}:/gi;
/** A quotation mark that closes an outer text is not the start of the echoed one. */
const ECHO_START = /^\s{0,3}(?:\\{0,3}["'`](?!\s*(?:[,}\])]|$)))?/;
const ECHO_END = /\.?\s+you can (?:find|obtain|get)|\s\(request id|[\r\n<]|\\[nr]|["\\]|'(?=[\s,}\])]|$)|$/i;

/**
 * Looks first for the sign after a name, and then back at the name: searching for one sign is far faster than searching
 * for many names.
 */
const NAMED_HINT =
  /[:=](?<=(?:authorization|cookie|key|token|secret|password|passwd|passphrase|passcode|pwd|sid|[_-]id|sessid|session ?id|signature|credential|sig|auth|login|otp|val|value)["'\\\]]{0,6}\s{0,3}[:=])/i;
const WEBHOOK_HINT =
  /\/(?:[a-z-]{0,8}hook|services\/t|workflows\/t|triggers?\/|bot|file\/bot|use\/|integration|open-apis|api\/|(?<=(?:make\.com|hooks\.[a-z.]{1,30})\/))/i;

/**
 * The rules in the order in which they run. Each takes linear time: a match consumes what it read, or reads a bounded
 * length.
 */
export const redactionRules: readonly RedactionRule[] = [
  { hint: /-----begin/i, apply: (text) => text.replace(PEM, MASK) },
  { hint: /[Pp]rovided|PROVIDED/, apply: redactEcho },
  { hint: /[([]\s{0,3}b?["'][a-z]/i, apply: (text) => text.replace(TUPLE, `$1${MASK}`) },
  {
    hint: NAMED_HINT,
    apply: (text) =>
      text
        .replace(YAML_BLOCK, `$1${MASK}`)
        .replace(COOKIE, `$1${MASK}`)
        .replace(AUTHORIZATION, redactAuthorization)
        .replace(NAMED_VALUE, maskAfter)
        .replace(PAIR, redactPair)
        .replace(SIGNED, `$1${MASK}`)
        .replace(MAYBE_PAIR, redactMaybe),
  },
  { hint: /(?:<|&lt;)[a-z]/i, apply: (text) => text.replace(ELEMENT, `$1${MASK}`) },
  { hint: WEBHOOK_HINT, apply: (text) => text.replace(WEBHOOK, maskAfter) },
  { hint: /curl\s/i, apply: (text) => text.replace(CURL_USER, `$1${MASK}`) },
  { hint: /--[a-z]/i, apply: (text) => text.replace(FLAG, `$1${MASK}`) },
  { hint: NAMED_HEX_HINT, apply: (text) => text.replace(NAMED_HEX, `$1${MASK}`) },
  { hint: /bearer/i, apply: (text) => text.replace(BEARER, `$1${MASK}`) },
  { hint: /basic/i, apply: (text) => text.replace(BASIC, redactBasic) },
  { hint: /eyJ/, apply: (text) => text.replace(JSON_WEB_TOKEN, redactToken) },
  { hint: /\*\*/, apply: (text) => text.replace(MASKED_KEY, reduceMasked) },
  { hint: /sk-/, apply: (text) => text.replace(SK_KEY, redactSk) },
  { hint: { test: mayHoldToken }, inLongWord: true, apply: (text) => maskTokens(text, MASK) },
  { hint: { test: mayHoldSignedToken }, inLongWord: true, apply: (text) => maskSignedTokens(text, MASK) },
  { hint: { test: mayEndInToken }, apply: (text) => maskCutToken(text, MASK) },
  { hint: /@/, apply: (text) => text.replace(URL_CREDENTIALS, `$1${MASK}@`) },
  { hint: /[?&;][a-z0-9_.-]{1,64}=/i, apply: (text) => text.replace(URL_PARAMETER, `$1${MASK}`) },
];

/**
 * Keeps the text before the secret and puts the mask after it. The first two groups of the pattern hold this text; one
 * of them may be absent.
 */
function maskAfter(_all: string, ...groups: unknown[]): string {
  const before = groups.slice(0, 2).filter((group) => typeof group === 'string');
  return `${before.join('')}${MASK}`;
}

function redactMaybe(all: string, name: string, value: string): string {
  return looksSecret(value) && !SHOWN_KEY.test(value) && !value.startsWith(MASK) ? `${name}${MASK}` : all;
}

/**
 * Masks what follows "API key provided:". There the API repeats the caller's text, and callers paste anything, even a
 * short text without a known prefix.
 */
function redactEcho(text: string): string {
  let result = '';
  let done = 0;
  for (const match of text.matchAll(ECHO)) {
    if (match.index < done) continue;
    const after = match.index + match[0].length;
    const opening = ECHO_START.exec(text.slice(after, after + 10))?.[0] ?? '';
    const start = after + opening.length;
    // No key is longer than 2,000 characters. If no end is found within them, all of them are masked.
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

/** A key that its issuer masked: keeps the known prefix and at most the last four characters. */
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
  opening: string | undefined,
  bare: string | undefined,
): string {
  const value = quoted ?? bare ?? '';
  if (value === '' || NO_VALUE.test(value) || SHOWN_KEY.test(value)) return all;
  // "Invalid API key: Error code: 429 …" is prose; there, only a value that looks like a secret is masked.
  if (quote === undefined && name.includes(' ') && !/^(?=.*[0-9*])[^…]{6,}$|^[^…]{20,}$/.test(value))
    return all;
  return `${name}${separator}${quote ?? opening ?? ''}${MASK}${quote ?? ''}`;
}

/** "Basic" is also an ordinary word and the name of a plan: what follows must look like base64. */
function redactBasic(all: string, scheme: string, value: string): string {
  return /[0-9=]|[a-z][A-Z]/.test(value) ? `${scheme}${MASK}` : all;
}

/** Inside a word the letters "eyJ" occur by chance. There they are a token only if the parts of a token follow. */
function redactToken(all: string, offset: number, text: string): string {
  return all.includes('.') || startsWord(text, offset) ? MASK : all;
}

function redactSk(all: string, prefix: string, offset: number, text: string): string {
  // The rest of a key that was redacted before.
  if (text[offset + all.length] === '…' && SK_PREFIX.test(all)) return all;
  // "risk-assessment-service" contains "sk-" too. Inside a word, only a part that looks random is a key.
  if (!startsWord(text, offset)) {
    const mixed = all.length >= 20 && /\d/.test(all) && /[A-Z]/.test(all) && /[a-z]/.test(all.slice(3));
    if (!mixed && !/(?=[A-Za-z]*\d)[A-Za-z0-9]{20,}/.test(all)) return all;
  }
  return `${prefix}…${MASK}`;
}

function startsWord(text: string, offset: number): boolean {
  return WORD_START.test(text.slice(Math.max(0, offset - 6), offset));
}
