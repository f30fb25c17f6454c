// @ts-check

/** @typedef {'light' | 'dark'} Theme */

const KEY = 'faultline.theme';
const wishesLight = matchMedia('(prefers-color-scheme: light)');

/** The present theme: the one that the reader chose, otherwise that of the system. */
export function theme() {
  const chosen = read();
  if (chosen !== null) return chosen;
  return wishesLight.matches ? 'light' : 'dark';
}

/** Changes to the other theme and stores the choice. */
export function toggleTheme() {
  const next = theme() === 'dark' ? 'light' : 'dark';
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // The browser may forbid storage; the choice then lasts until the page is closed.
  }
  document.documentElement.dataset['theme'] = next;
  dispatchEvent(new Event('themechange'));
}

/** @returns {Theme | null} */
function read() {
  const shown = document.documentElement.dataset['theme'];
  if (shown === 'light' || shown === 'dark') return shown;
  try {
    const kept = localStorage.getItem(KEY);
    return kept === 'light' || kept === 'dark' ? kept : null;
  } catch {
    return null;
  }
}

const kept = read();
if (kept !== null) document.documentElement.dataset['theme'] = kept;
wishesLight.addEventListener('change', () => dispatchEvent(new Event('themechange')));
