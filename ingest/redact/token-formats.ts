/** How credentials of one format are written: one of the prefixes, then a pattern for the secret. */
interface TokenFormat {
  readonly starts: readonly string[];
  readonly body: string;
}

const HEX = '[0-9a-f]';
const ALNUM = '[A-Za-z0-9]';
const URL_SAFE = '[A-Za-z0-9_-]';
/** Requires a digit: it distinguishes a token with dashes from words joined by dashes. */
const WITH_DIGIT = '(?=[A-Za-z_-]{0,40}[0-9])';

/**
 * Formats by their prefix. The lengths are lower bounds, because logs cut texts. The formats come from the issuers'
 * documents and from public rule lists.
 */
const formats: readonly TokenFormat[] = [
  // Language models and the platforms that run them.
  {
    starts: ['gsk_', 'hf_', 'api_org_', 'r8_', 'fw_', 'jina_', 'vck_', 'vcp_', 'ek_', 'rpa_', 'esecret_'],
    body: `${ALNUM}{16,}`,
  },
  { starts: ['lsv2_pt_', 'lsv2_sk_'], body: `${ALNUM}{16,}(?:_${ALNUM}{8,})?` },
  { starts: ['xai-', 'pplx-', 'csk-', 'sess-'], body: `${ALNUM}{16,}` },
  { starts: ['pk-lf-', 'tvly-', 'pcsk_'], body: '[A-Za-z0-9_-]{10,}' },
  { starts: ['AIza', 'AQ.', 'ya29.', 'nvapi-', 'tgp_v1_', 'GOCSPX-'], body: `${URL_SAFE}{16,}` },
  { starts: ['ABSK'], body: '[A-Za-z0-9+/]{24,}={0,2}' },
  { starts: ['bedrock-api-key-'], body: '[A-Za-z0-9+/_-]{16,}={0,2}' },
  { starts: ['fc-'], body: `${HEX}{32}` },
  // Clouds.
  { starts: ['AKIA', 'ASIA', 'ABIA', 'ACCA'], body: '[A-Z0-9]{16}' },
  { starts: ['LTAI', 'AKID'], body: `(?=[A-Za-z]{0,30}[0-9])${ALNUM}{12,}` },
  { starts: ['dop_v1_', 'doo_v1_', 'dor_v1_'], body: `${HEX}{16,}` },
  { starts: ['dapi', 'dose', 'dkea'], body: `${HEX}{32}(?:-[0-9])?` },
  { starts: ['hvs.', 'hvb.', 'hvr.'], body: `${URL_SAFE}{16,}` },
  { starts: ['pul-'], body: `${HEX}{32,}` },
  { starts: ['HRKU-', 'HRKU-AA'], body: `${WITH_DIGIT}${URL_SAFE}{16,}` },
  { starts: ['fo1_', 'fm1a_', 'fm1r_', 'fm2_'], body: '[A-Za-z0-9+/_-]{16,}={0,3}' },
  { starts: ['tskey-'], body: `${WITH_DIGIT}${URL_SAFE}{16,}` },
  { starts: ['v1.0-'], body: `${HEX}{24}-${HEX}{32,}` },
  { starts: ['nfp_', 'sbp_', 'napi_', 'sha256~'], body: `${WITH_DIGIT}${URL_SAFE}{16,}` },
  {
    starts: ['sb_secret_', 'mdb_sa_sk_', 'pscale_tkn_', 'pscale_pw_', 'pscale_oauth_'],
    body: '[A-Za-z0-9_.-]{16,}',
  },
  { starts: ['dp.pt.', 'dp.st.', 'dp.ct.', 'dp.sa.', 'dp.scim.', 'dp.audit.'], body: '[A-Za-z0-9._-]{16,}' },
  // Code hosts and package registries.
  { starts: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_', 'npm_'], body: `${ALNUM}{16,}` },
  {
    starts: [
      'github_pat_',
      'glpat-',
      'gldt-',
      'glrt-',
      'glptt-',
      'glcbt-',
      'glft-',
      'glsoat-',
      'glimt-',
      'glagent-',
      'gloas-',
    ],
    body: `${URL_SAFE}{16,}`,
  },
  { starts: ['pypi-'], body: `(?:AgE${URL_SAFE}{8,}|${WITH_DIGIT}${URL_SAFE}{40,})` },
  {
    starts: ['dckr_pat_', 'dckr_oat_', 'rubygems_', 'CLOJARS_', 'sgp_', 'slk_', 'bkua_'],
    body: `${URL_SAFE}{16,}`,
  },
  { starts: ['CCIPAT_', 'CCIPRJ_'], body: `${ALNUM}{8,}(?:_${ALNUM}{8,})?` },
  { starts: ['sqp_', 'squ_', 'sqa_'], body: `${HEX}{32,}` },
  { starts: ['AKCp'], body: `${ALNUM}{40,}` },
  { starts: ['ATATT3', 'ATCTT3', 'ATBB', 'ATSTT3'], body: `${WITH_DIGIT}[A-Za-z0-9_=-]{16,}` },
  { starts: ['API-'], body: '(?=[A-Z]{0,26}[0-9])[A-Z0-9]{26}' },
  // Messaging and payments.
  {
    starts: ['xoxa-', 'xoxb-', 'xoxo-', 'xoxp-', 'xoxr-', 'xoxs-', 'xoxe-', 'xoxe.', 'xapp-', 'xwfp-'],
    body: '[A-Za-z0-9.-]{10,}',
  },
  { starts: ['SG.'], body: `${URL_SAFE}{10,}(?:\\.${URL_SAFE}{1,})?` },
  { starts: ['SK'], body: `${HEX}{32}` },
  { starts: ['whsec_'], body: '[A-Za-z0-9+/_-]{16,}={0,2}' },
  { starts: ['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_', 'sk_'], body: `${ALNUM}{16,}` },
  { starts: ['key-'], body: `${HEX}{32}` },
  { starts: ['shpat_', 'shpss_', 'shpca_', 'shppa_'], body: `${HEX}{16,}` },
  { starts: ['sq0atp-', 'sq0csp-', 'sq0idp-'], body: `${URL_SAFE}{16,}` },
  { starts: ['EAAA'], body: `${WITH_DIGIT}${URL_SAFE}{50,}` },
  { starts: ['EAAC', 'EAAM', 'EAAG'], body: `${ALNUM}{50,}` },
  { starts: ['EZAK', 'EZTK'], body: `(?=[A-Za-z]{0,54}[0-9])${ALNUM}{50,}` },
  { starts: ['FLWSECK_TEST-', 'FLWSECK-'], body: '[A-Za-z0-9]{12,}(?:-X)?' },
  { starts: ['re_'], body: `${ALNUM}{6,}_${ALNUM}{16,}` },
  { starts: ['duffel_live_', 'duffel_test_'], body: '[A-Za-z0-9_=-]{16,}' },
  // Monitoring, planning and storage.
  { starts: ['glc_', 'glsa_', 'sntrys_', 'sntryu_'], body: '[A-Za-z0-9+/_-]{16,}={0,2}' },
  { starts: ['NRAK-', 'NRII-', 'NRJS-'], body: `${WITH_DIGIT}${URL_SAFE}{16,}` },
  { starts: ['dt0c01.'], body: `${ALNUM}{16,}(?:\\.${ALNUM}+)?` },
  { starts: ['phx_', 'phs_', 'pnu_', 'tfp_', 'rdme_'], body: `${ALNUM}{16,}` },
  {
    starts: ['figd_', 'figo_', 'PMAK-', 'CFPAT-', 'fio-u-', 'ico-', 'aio_'],
    body: `${WITH_DIGIT}${URL_SAFE}{16,}`,
  },
  { starts: ['lin_api_', 'lin_oauth_', 'ntn_', 'secret_'], body: `${ALNUM}{32,}` },
  { starts: ['ops_'], body: 'eyJ[A-Za-z0-9_=-]{16,}' },
  { starts: ['AGE-SECRET-KEY-1'], body: '[A-Z0-9]{16,}' },
  { starts: ['sl.'], body: '[A-Za-z0-9_-]{60,}' },
  { starts: ['s.', 'b.'], body: `(?=[A-Za-z]{0,24}[0-9])(?=[0-9A-Z]{0,24}[a-z])${ALNUM}{24}(?![A-Za-z0-9])` },
];

/** Formats that are recognised by something in their middle or at their end. */
const inside: readonly RegExp[] = [
  // Keys of OpenAI and Microsoft contain a mark of the issuer.
  /(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{10,}T3BlbkFJ[A-Za-z0-9_-]{8,}/g,
  /(?<![A-Za-z0-9])[A-Za-z0-9]{20,}(?:JQQJ99|AAAAAC)[A-Za-z0-9]{8,}/g,
  /(?<![A-Za-z0-9_~.-])[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{16,}/g,
  // Telegram, Discord, Airtable, Terraform, Mailchimp, MaxMind, Twitter. Keys of Telegram and Mailchimp can be cut together
  // with the text.
  /(?<![0-9])[0-9]{8,12}:(?:A[A-Za-z0-9_-]{30,}|[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])|AA[A-Za-z0-9_-]{10,}$)/g,
  /(?<![A-Za-z0-9_-])[MNO][A-Za-z0-9_-]{22,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{16,}/g,
  /(?<![A-Za-z0-9])pat[A-Za-z0-9]{14}\.[0-9a-f]{16,}/g,
  /(?<![A-Za-z0-9])[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{16,}/g,
  /(?<![A-Za-z0-9])[0-9a-f]{32}-(?:us[0-9]{1,2}(?![A-Za-z0-9])|(?:us?)?$)/g,
  /(?<![A-Za-z0-9])[A-Za-z0-9]{6}_[A-Za-z0-9]{16,32}_mmk(?![A-Za-z0-9])/g,
  /(?<![A-Za-z0-9])A{20,}[A-Za-z0-9%]{30,}/g,
];
const INSIDE_HINT =
  /T3BlbkFJ|JQQJ99|AAAAAC|[0-9]Q~|[0-9]{8}:[A-Za-z0-9_-]{12}|\.(?<=[A-Za-z0-9_-]{22}\.)[A-Za-z0-9_-]{6}\.|pat[A-Za-z0-9]{14}\.|\.atlasv1\.|-us[0-9]|-(?:us?)?$|_mmk|AAAAAAAAAAAAAAAAAAAA/;

const escaped = (text: string): string => text.replaceAll('.', '\\.');
/** When one prefix starts with another, the longer must come first. */
const starts = formats.flatMap((format) => format.starts).sort((a, b) => b.length - a.length);
const TOKEN = new RegExp(
  `(?<![A-Za-z0-9])(?:${formats
    .map(({ starts: ones, body }) => `(${ones.map(escaped).join('|')})${body}`)
    .join('|')})`,
  'g',
);
/**
 * A credential that was cut together with the text is looked for only in this many characters at the end of the text.
 * If more of the credential is left, `TOKEN` recognises it.
 */
const TAIL = 128;
/** A cut credential can be shorter than its format allows. */
const CUT_TOKEN = new RegExp(
  `(?<![A-Za-z0-9])(?:${starts.map(escaped).join('|')}|sk-(?:[a-z0-9]{1,8}-){0,2})(?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{4,}$`,
);

/**
 * Prefixes that end in one of the signs _ . ~ -, by the letter before the sign. So it is enough to check each sign of a
 * text.
 */
const bySign = new Map<number, string[]>();
for (const start of starts) {
  if (!/[_.~-]$/.test(start)) continue;
  const before = start.charCodeAt(start.length - 2);
  bySign.set(before, [...(bySign.get(before) ?? []), start]);
}
const WITHOUT_SIGN = new RegExp(
  starts
    .filter((start) => !/[_.~-]$/.test(start))
    .map((start) => (start === 'SK' ? 'SK[0-9a-f]{8}' : start))
    .join('|'),
);

/** Whether the text may hold a credential with a known prefix. */
export function mayHoldToken(text: string): boolean {
  for (let at = 1; at < text.length - 1; at++) {
    const char = text.charCodeAt(at);
    // The signs _ - . and ~, with more text after them.
    if (char !== 95 && char !== 45 && char !== 46 && char !== 126) continue;
    if (text.charCodeAt(at + 1) <= 32) continue;
    for (const start of bySign.get(text.charCodeAt(at - 1)) ?? [])
      if (text.startsWith(start, at - start.length + 1)) return true;
  }
  return WITHOUT_SIGN.test(text);
}

/** Whether the text may hold a credential that is recognised by its middle or end. */
export function mayHoldSignedToken(text: string): boolean {
  return INSIDE_HINT.test(text);
}

/** Replaces the secret part of each credential with a known prefix; the prefix stays. */
export function maskTokens(text: string, mask: string): string {
  return text.replace(TOKEN, (all: string, ...groups: unknown[]) => {
    const start = groups.find((group): group is string => typeof group === 'string' && all.startsWith(group));
    return `${start ?? ''}…${mask}`;
  });
}

export function maskSignedTokens(text: string, mask: string): string {
  return inside.reduce((masked, pattern) => masked.replace(pattern, mask), text);
}

/** Whether the text ends in a word that may be the beginning of a credential that was cut together with the text. */
export function mayEndInToken(text: string): boolean {
  const isWord = /[A-Za-z0-9_-]{5}$/.test(text.slice(-5));
  return isWord && CUT_TOKEN.test(text.slice(-TAIL));
}

export function maskCutToken(text: string, mask: string): string {
  return text.slice(0, -TAIL) + text.slice(-TAIL).replace(CUT_TOKEN, `…${mask}`);
}
