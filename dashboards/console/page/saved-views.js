// @ts-check

/** @typedef {{name: string, address: string}} SavedView */

const KEY = 'faultline-views';
const MOST = 50;

/**
 * The views that this browser has saved, oldest first.
 * @returns {SavedView[]}
 */
export function savedViews() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(kept) ? kept.filter(isSavedView).slice(0, MOST) : [];
  } catch {
    // The browser forbids storage, or the stored value is not from this page.
    return [];
  }
}

/**
 * Saves a view under a name, in place of an earlier one of that name.
 * @param {string} name @param {string} address
 */
export function saveView(name, address) {
  const others = savedViews().filter((one) => one.name !== name);
  localStorage.setItem(KEY, JSON.stringify([...others, { name, address }].slice(-MOST)));
}

/** @param {string} name */
export function forgetView(name) {
  localStorage.setItem(KEY, JSON.stringify(savedViews().filter((one) => one.name !== name)));
}

/** @param {unknown} value @returns {value is SavedView} */
function isSavedView(value) {
  if (typeof value !== 'object' || value === null) return false;
  const { name, address } = /** @type {Record<string, unknown>} */ (value);
  // An address that leads outside the console was not saved by this page.
  return typeof name === 'string' && typeof address === 'string' && /^\/(?!\/)/.test(address);
}
