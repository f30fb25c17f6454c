// @ts-check

/** @typedef {import('../../panel.ts').FilterVariable} FilterVariable */
/** @typedef {'1h' | '6h' | '24h' | '7d'} NamedRange */
/** @typedef {{from: number, to: number}} DrawnRange epoch milliseconds */

/**
 * @typedef {object} View
 * @property {string | null} dashboard uid
 * @property {NamedRange | DrawnRange} range
 * @property {Partial<Record<FilterVariable, string>>} filters
 */

/** Ranges to choose from, each with its length in seconds. @type {Record<NamedRange, {label: string, seconds: number}>} */
export const ranges = {
  '1h': { label: '1 hour', seconds: 3_600 },
  '6h': { label: '6 hours', seconds: 21_600 },
  '24h': { label: '24 hours', seconds: 86_400 },
  '7d': { label: '7 days', seconds: 604_800 },
};

/** @type {readonly FilterVariable[]} */
export const variables = ['provider', 'org', 'project', 'model'];

/** The view that the page's address describes; what it does not say is the default. @returns {View} */
export function readView() {
  const query = new URLSearchParams(location.search);
  /** @type {View} */
  const view = { dashboard: query.get('dashboard'), range: '24h', filters: {} };
  const named = query.get('range') ?? '';
  if (Object.hasOwn(ranges, named)) view.range = /** @type {NamedRange} */ (named);
  const from = Number(query.get('from'));
  const to = Number(query.get('to'));
  if (from > 0 && to > from) view.range = { from, to };
  for (const variable of variables) {
    const value = query.get(variable);
    if (value !== null && value !== '') view.filters[variable] = value;
  }
  return view;
}

/** Keeps the view in the page's address, so that it can be shared and survives a reload. @param {View} view */
export function writeView({ dashboard, range, filters }) {
  const query = new URLSearchParams();
  if (dashboard !== null) query.set('dashboard', dashboard);
  if (typeof range === 'string') {
    if (range !== '24h') query.set('range', range);
  } else {
    query.set('from', String(Math.round(range.from)));
    query.set('to', String(Math.round(range.to)));
  }
  for (const [name, value] of Object.entries(filters)) query.set(name, value);
  const text = query.toString();
  history.replaceState(null, '', text === '' ? location.pathname : `?${text}`);
}

/** Length of the view's range in seconds. @param {View} view */
export function rangeSeconds({ range }) {
  return typeof range === 'string' ? ranges[range].seconds : (range.to - range.from) / 1_000;
}

/** The view's range as the API takes it. @param {View} view */
export function rangeQuery({ range }) {
  if (typeof range === 'string') return new URLSearchParams({ from: `now-${range}`, to: 'now' });
  return new URLSearchParams({ from: String(Math.round(range.from)), to: String(Math.round(range.to)) });
}

const STEPS = [60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400];

/**
 * A step at which a drawing of so many pixels shows neither mush nor blocks, in seconds.
 * @param {number} seconds length of the range
 * @param {number} pixels
 * @param {boolean} isBars
 */
export function stepFor(seconds, pixels, isBars) {
  const points = Math.max(20, (pixels - 50) / (isBars ? 5.5 : 2.5));
  return STEPS.find((step) => step >= seconds / points) ?? 86_400;
}
