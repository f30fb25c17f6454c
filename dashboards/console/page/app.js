// @ts-check
import { byId, h } from './dom.js';
import { drawLive } from './live-header.js';
import { learnNames } from './names.js';
import { pages } from './pages.js';
import { setUpButtons } from './page-buttons.js';
import { setUpPalette } from './palette.js';
import { drawPart, messageOf } from './parts.js';
import { redraw } from './redraw.js';
import { get } from './requests.js';
import { addressOf, pageNames, readView } from './view-state.js';

/** @typedef {import('../live-status.ts').StatusAnswer} StatusAnswer */
/** @typedef {import('./context.js').Page} Page */
/** @typedef {import('./context.js').PageContext} PageContext */
/** @typedef {import('./view-state.js').View} View */

const REFRESH_MS = 2_000;

/** @type {StatusAnswer | null} */
let status = null;
let statusAt = 0;
let paused = false;
let running = new AbortController();
let wake = () => {};
/** @type {PageContext | null} */
let context = null;
/**
 * The page that is shown, with its name.
 * @type {{name: View['page'], page: Page} | null}
 */
let shown = null;
let view = readView(location);

/** The present, in event time. It advances between two refreshes when event time keeps pace with the clock. */
function present() {
  if (status === null) return Date.now();
  const keepsPace = Math.abs(status.present - status.clock) < 1_000;
  return keepsPace ? status.present + Date.now() - statusAt : status.present;
}

void start();

async function start() {
  const showPalette = setUpPalette({ go, view: () => view, classes: () => context?.classes.values() ?? [] });
  setUpButtons({
    pause: (isPaused) => {
      paused = isPaused;
      wake();
    },
    zoneChanged: () => {
      shown?.page.draw?.();
      again();
    },
    showPalette,
  });
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) wake();
  });
  addEventListener('popstate', () => moveTo(readView(location)));
  document.addEventListener('click', followLink);
  setInterval(() => shown?.page.tick?.(present()), 1_000);
  drawMenu();
  for (;;) {
    try {
      context ??= await learn();
      await showPage(context);
      await refresh(running.signal);
      banner('');
    } catch (error) {
      if (!running.signal.aborted) banner(messageOf(error));
    }
    if (running.signal.aborted) running = new AbortController();
    else await pauseAWhile(shown?.page.rest ?? REFRESH_MS);
  }
}

/**
 * Asks for everything that does not change while the page is open.
 * @returns {Promise<PageContext>}
 */
async function learn() {
  learnNames(await get('/api/kinds'));
  const all = /** @type {import('../api.ts').ClassAnswer[]} */ (await get('/api/classes'));
  const dashboards = /** @type {import('../api.ts').DashboardAnswer[]} */ (await get('/api/dashboards'));
  /** @type {PageContext} */
  const given = {
    get view() {
      return view;
    },
    change: (change) => go({ ...view, ...change }, 'replace'),
    go: (change) => go({ ...view, id: null, options: {}, ...change }),
    present,
    again,
    classes: new Map(all.map((one) => [one.name, one])),
    showClass: (name) => go({ ...view, page: 'classes', id: name ?? null, options: {} }),
    dashboards,
    createChart: await loadCharts(),
  };
  return given;
}

/** Charts are loaded separately: a browser that cannot draw them still shows incidents and tables. */
async function loadCharts() {
  try {
    return (await import('./charts.js')).createChart;
  } catch (error) {
    console.error('charts cannot be drawn, tables show the numbers', error);
    return null;
  }
}

/**
 * Shows the page of the view, unless it is shown already.
 * @param {PageContext} given
 */
async function showPage(given) {
  const name = view.page;
  if (shown?.name === name) return;
  const { createPage } = await pages[name].load();
  if (view.page !== name) return;
  shown?.page.destroy?.();
  const page = createPage(given);
  shown = { name, page };
  const other = byId('other');
  byId('overview').hidden = name !== 'overview';
  byId('dashboards').hidden = name !== 'overview';
  other.hidden = name === 'overview';
  other.replaceChildren(...(name === 'overview' ? [] : [page.element]));
  if (name !== 'overview') document.title = `${pages[name].title} · faultline`;
}

/**
 * Asks for everything that the page shows. Two rounds never overlap.
 * @param {AbortSignal} signal
 */
async function refresh(signal) {
  const answer = /** @type {StatusAnswer} */ (await get('/api/status', signal));
  status = answer;
  statusAt = Date.now();
  drawPart('live', () => drawLive(answer));
  await shown?.page.refresh({ signal, status: answer });
}

/**
 * Shows another view and puts its address into the history, so that it can be shared and survives a reload.
 * @param {View} next
 * @param {'push' | 'replace'} [as] whether Back leads to the view before
 */
function go(next, as = 'push') {
  const address = addressOf(next);
  if (as === 'replace' && next.page === view.page) history.replaceState(null, '', address);
  else history.pushState(null, '', address);
  moveTo(next);
}

/** @param {View} next */
function moveTo(next) {
  const isSamePage = shown?.name === next.page;
  view = next;
  drawMenu();
  if (isSamePage) shown?.page.viewChanged?.();
  else byId('main').focus({ preventScroll: true });
  again();
}

/**
 * Links to pages of the console change the view without loading a document.
 * @param {MouseEvent} event
 */
function followLink(event) {
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (link === null || link.target !== '' || link.origin !== location.origin || link.hasAttribute('download'))
    return;
  if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const isPage = link.pathname === '/' || pageNames.some((name) => link.pathname.split('/')[1] === name);
  if (!isPage || link.getAttribute('href')?.startsWith('#') === true) return;
  event.preventDefault();
  go(readView(link));
}

function drawMenu() {
  redraw(
    byId('menu'),
    pageNames.map((name) =>
      h(
        'a',
        {
          'data-key': name,
          href: addressOf({ ...view, page: name, id: null, options: {} }),
          'aria-current': view.page === name ? 'page' : null,
        },
        pages[name].title,
      ),
    ),
  );
}

function again() {
  running.abort();
  wake();
}

/**
 * Waits until the next refresh is due. Waits on while the page is paused or hidden.
 * @param {number} ms
 * @returns {Promise<void>}
 */
function pauseAWhile(ms) {
  return new Promise((resolve) => {
    const done = () => {
      if (paused && !running.signal.aborted) return;
      clearTimeout(timer);
      wake = () => {};
      resolve();
    };
    const timer = setTimeout(() => {
      if (!paused && !document.hidden) done();
    }, ms);
    wake = done;
  });
}

/** @param {string} message */
function banner(message) {
  const host = byId('banner');
  const text = message === '' ? '' : `${message} Trying again.`;
  if (host.textContent !== text) host.textContent = text;
  host.hidden = message === '';
}
