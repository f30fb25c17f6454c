// @ts-check

/** @typedef {import('../../panel.ts').FilterVariable} FilterVariable */
/** @typedef {{from: number, to: number}} DrawnRange epoch milliseconds */
/** @typedef {'overview' | 'incidents' | 'explore' | 'differs' | 'errors' | 'classes' | 'pipeline' | 'try'} PageName */

/**
 * Everything that the page's address contains.
 * @typedef {object} View
 * @property {PageName} page
 * @property {string | null} id the one incident or class that is shown
 * @property {string | null} dashboard uid
 * @property {string | DrawnRange} range a length such as `6h`, counted back from the present, or a span
 * @property {Partial<Record<FilterVariable, string>>} filters
 * @property {Record<string, string>} options options that only this page knows, such as the dimensions to group by
 * @property {string} [misread] a range in the address that cannot be read; `addressOf` leaves it out
 */

/**
 * The ranges that have a button, with their titles.
 * @type {Record<string, string>}
 */
export const ranges = { '1h': '1 hour', '6h': '6 hours', '24h': '24 hours', '7d': '7 days' };

/** @type {readonly FilterVariable[]} */
export const variables = ['provider', 'org', 'project', 'model'];

/** @type {readonly PageName[]} */
export const pageNames = [
  'overview',
  'incidents',
  'explore',
  'differs',
  'errors',
  'classes',
  'pipeline',
  'try',
];

const UNIT_SECONDS = { m: 60, h: 3_600, d: 86_400, w: 604_800 };
const LONGEST_SECONDS = 1_100 * 86_400;

/**
 * The length in seconds of a text such as `90m` or `3d`; null for any other text.
 * @param {string} text
 */
export function parseLength(text) {
  const parts = /^(\d{1,5})([mhdw])$/.exec(text);
  if (parts === null) return null;
  const seconds = Number(parts[1]) * UNIT_SECONDS[/** @type {keyof typeof UNIT_SECONDS} */ (parts[2])];
  return seconds > 0 && seconds <= LONGEST_SECONDS ? seconds : null;
}

/**
 * The view of an address. What the address does not contain gets its default.
 * @param {{pathname: string, search: string}} address
 * @returns {View}
 */
export function readView({ pathname, search }) {
  const [name = '', id = ''] = pathname.split('/').slice(1);
  const page = pageNames.find((one) => one === name) ?? 'overview';
  const query = new URLSearchParams(search);
  /** @type {View} */
  const view = {
    page,
    id: id === '' ? null : decoded(id),
    dashboard: query.get('dashboard'),
    range: '24h',
    filters: {},
    options: {},
  };
  const asked = ['range', 'from', 'to'].flatMap((name) => {
    const text = query.get(name) ?? '';
    return text === '' ? [] : [`${name}=${text}`];
  });
  const range = readRange(query);
  if (range !== null) view.range = range;
  else if (asked.length > 0) view.misread = asked.join('&');
  for (const [key, value] of query) {
    const variable = variables.find((one) => one === key);
    if (value === '' || ['dashboard', 'range', 'from', 'to'].includes(key)) continue;
    if (variable === undefined) view.options[key] = value;
    else view.filters[variable] = value;
  }
  return view;
}

/**
 * The range of an address: a length, or two times as the API reads them. null when it has none that can be read.
 * @param {URLSearchParams} query
 * @returns {View['range'] | null}
 */
function readRange(query) {
  const [range, start, end] = ['range', 'from', 'to'].map((name) => query.get(name) ?? '');
  if (range !== undefined && parseLength(range) !== null) return range;
  const back = /^now-(.+)$/.exec(start ?? '')?.[1];
  if (back !== undefined && (end === '' || end === 'now')) return parseLength(back) === null ? null : back;
  const [from, to] = [readTime(start ?? ''), readTime(end ?? '')];
  return from > 0 && to > from ? { from, to } : null;
}

/**
 * Epoch milliseconds of epoch seconds or milliseconds, or of an ISO-8601 time; NaN for other texts.
 * @param {string} text
 * @param {boolean} [utc] a time without a zone is in UTC, as in every address; false: it is in the browser's zone
 */
export function readTime(text, utc = true) {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) < 1e11 ? Number(text) * 1_000 : Number(text);
  // A plus sign in an address stands for a space.
  const parts =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?(?:(Z)|[ +](\d\d:\d\d)|(-\d\d:\d\d))?$/.exec(
      text,
    );
  if (parts === null) return Number.NaN;
  const [, day, clock = '00:00', z, east, west] = parts;
  const zone = z ?? west ?? (east === undefined ? (utc ? 'Z' : '') : `+${east}`);
  return Date.parse(`${day}T${clock}${zone}`);
}

/**
 * The address of a view; `readView` reads it back.
 * @param {View} view
 */
export function addressOf({ page, id, dashboard, range, filters, options }) {
  const query = new URLSearchParams();
  if (dashboard !== null && page === 'overview') query.set('dashboard', dashboard);
  if (typeof range === 'string') {
    if (range !== '24h') query.set('range', range);
  } else {
    query.set('from', String(Math.round(range.from)));
    query.set('to', String(Math.round(range.to)));
  }
  for (const [name, value] of Object.entries(filters)) query.set(name, value);
  for (const [name, value] of Object.entries(options)) if (value !== '') query.set(name, value);
  const path = page === 'overview' ? '/' : `/${page}${id === null ? '' : `/${encodeURIComponent(id)}`}`;
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}

/**
 * The filters of a view with a new value for one of them.
 * @param {View['filters']} filters
 * @param {FilterVariable} variable
 * @param {string} value empty: all
 * @returns {View['filters']}
 */
export function withFilter(filters, variable, value) {
  const { [variable]: _old, ...others } = filters;
  return value === '' ? others : { ...others, [variable]: value };
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * Length of the view's range in seconds.
 * @param {Pick<View, 'range'>} view
 */
export function rangeSeconds({ range }) {
  return typeof range === 'string' ? (parseLength(range) ?? 86_400) : (range.to - range.from) / 1_000;
}

/**
 * The view's range as parameters of the API.
 * @param {Pick<View, 'range'>} view
 */
export function rangeQuery({ range }) {
  if (typeof range === 'string') return new URLSearchParams({ from: `now-${range}`, to: 'now' });
  return new URLSearchParams({ from: String(Math.round(range.from)), to: String(Math.round(range.to)) });
}

const STEPS = [60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400];

/**
 * The shortest step in seconds for which a chart of this width has room.
 * @param {number} seconds length of the range
 * @param {number} pixels
 * @param {boolean} isBars
 */
export function stepFor(seconds, pixels, isBars) {
  const points = Math.max(20, (pixels - 50) / (isBars ? 5.5 : 2.5));
  return STEPS.find((step) => step >= seconds / points) ?? 86_400;
}
