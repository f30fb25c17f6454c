// @ts-check
import { byId, h } from './dom.js';
import { drawFreshness, freshnessOf } from './freshness.js';
import { followEvents } from './live-events.js';
import { drawLive } from './live-header.js';
import { learnEvidence } from './evidence-names.js';
import { learnNames } from './names.js';
import { pages } from './pages.js';
import { createPacer } from './pacer.js';
import { setUpButtons } from './page-buttons.js';
import { setUpPalette } from './palette.js';
import { drawPart, messageOf } from './parts.js';
import { redraw } from './redraw.js';
import { get } from './requests.js';
import { learnRole } from './role.js';
import { learnDataDirectory } from './share.js';
import { readStatus } from './status.js';
import { addressOf, pageNames, readView } from './view-state.js';
import { visible } from './visible-text.js';

/** @typedef {import('./status.js').Status} Status */
/** @typedef {import('./context.js').Page} Page */
/** @typedef {import('./context.js').PageContext} PageContext */
/** @typedef {import('./view-state.js').View} View */

/** Shortest time between two rounds. A round asks the API for everything that the page shows. */
const REST_MS = 2_000;
/** Shortest time between a failed round and the next one. */
const RETRY_MS = 3_000;

/** @type {Status | null} */
let status = null;
let statusAt = 0;
/** When the last round was answered. @type {number | null} */
let asked = null;
let paused = false;
let running = new AbortController();
const pacer = createPacer({ mayRun: () => !paused && !document.hidden });
const events = followEvents(heed);
/** What the stream reported last. `since`: when it opened or closed, epoch ms. */
const latest = {
  isLive: false,
  since: Date.now(),
  isInTrouble: false,
  newest: /** @type {string | null} */ (null),
  /** State by id. @type {Map<string, string>} */
  incidents: new Map(),
};
/** @type {PageContext | null} */
let context = null;
/**
 * The page that is shown, with its name.
 * @type {{name: View['page'], page: Page} | null}
 */
let shown = null;
let view = readView(location);

/** The present, epoch ms of event time. Between two rounds it advances only if event time keeps pace with the clock. */
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
      watch();
      if (!isPaused) pacer.note('news');
    },
    zoneChanged: () => {
      shown?.page.draw?.();
      again();
    },
    showPalette,
  });
  document.addEventListener('visibilitychange', () => {
    watch();
    if (!document.hidden) pacer.note('news');
  });
  addEventListener('pagehide', () => events.watch(false));
  addEventListener('pageshow', watch);
  watch();
  addEventListener('resize', showCurrent);
  addEventListener('popstate', () => moveTo(readView(location)));
  document.addEventListener('click', followLink);
  setInterval(() => {
    shown?.page.tick?.(present());
    drawFresh();
  }, 1_000);
  drawMenu();
  for (;;) {
    let rest = 0;
    try {
      context ??= await learn();
      await showPage(context);
      pacer.begin();
      await refresh(running.signal);
      asked = Date.now();
      banner('');
    } catch (error) {
      if (!running.signal.aborted) {
        banner(messageOf(error));
        pacer.note('change');
        rest = RETRY_MS;
      }
    }
    drawFresh();
    if (!running.signal.aborted)
      await pacer.next(Math.max(rest, shown?.page.rest ?? REST_MS), running.signal);
    if (running.signal.aborted) running = new AbortController();
  }
}

/** Handles a message of the stream. @param {import('./event-feed.js').FeedMessage} message */
function heed(message) {
  if (message.kind === 'stream') {
    if (message.isOpen === latest.isLive) return;
    latest.isLive = message.isOpen;
    latest.since = Date.now();
    pacer.live(message.isOpen);
    // Events that happened while the stream was closed are lost, so everything is asked again.
    if (message.isOpen) pacer.note('change');
    return;
  }
  const { name } = message;
  const data = /** @type {any} */ (message.data);
  if (name === 'status') {
    const before = status?.live?.state;
    learnStatus(data);
    if (latest.isInTrouble || before !== status?.live?.state) pacer.note('change');
    latest.isInTrouble = false;
  } else if (name === 'data') {
    if (latest.newest !== data.newest) pacer.note('change');
    latest.newest = data.newest;
  } else if (name === 'incident') {
    pacer.note(latest.incidents.get(data.id) === data.state ? 'change' : 'news');
    latest.incidents.set(data.id, data.state);
  } else if (name === 'attention') pacer.note('news');
  else if (name === 'trouble') {
    // One round shows what is wrong. The server sends an event when the trouble is over.
    if (!latest.isInTrouble) pacer.note('change');
    latest.isInTrouble = true;
  }
}

/** Listens only while the page is visible and not paused. */
function watch() {
  events.watch(!paused && !document.hidden);
  pacer.look();
  drawFresh();
}

function drawFresh() {
  const { isLive, since } = latest;
  const state = { now: Date.now(), isPaused: paused, isLive, since, asked, status, present: present() };
  drawPart('freshness', () => drawFreshness(freshnessOf(state)));
}

/** @param {import('../v1/status.ts').StatusAnswer} answer @returns {Status} */
function learnStatus(answer) {
  const learned = readStatus(answer);
  status = learned;
  statusAt = Date.now();
  learnDataDirectory(learned.dataDirectory);
  drawPart('live', () => drawLive(learned));
  return learned;
}

/**
 * Asks for everything that does not change while the page is open.
 * @returns {Promise<PageContext>}
 */
async function learn() {
  const kinds = /** @type {import('../v1/catalogue.ts').KindsAnswer} */ (await get('/api/v1/kinds'));
  learnNames(kinds);
  learnRole(/** @type {import('../v1/access.ts').AccessAnswer} */ (await get('/api/v1/access')));
  learnEvidence(kinds.evidence);
  const { classes } = /** @type {{classes: import('../v1/catalogue.ts').ClassItem[]}} */ (
    await get('/api/v1/classes')
  );
  const { dashboards } = /** @type {{dashboards: import('../v1/dashboards.ts').DashboardAnswer[]}} */ (
    await get('/api/v1/dashboards')
  );
  /** @type {PageContext} */
  const given = {
    get view() {
      return view;
    },
    change: (change) => go({ ...view, ...change }, 'replace'),
    remember: (options) => {
      view = { ...view, options };
      history.replaceState(null, '', addressOf(view));
    },
    go: (change) => go({ ...view, id: null, options: {}, ...change }),
    present,
    again,
    classes: new Map(classes.map((one) => [one.name, one])),
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
  const learned = learnStatus(await get('/api/v1/status', signal));
  await shown?.page.refresh({ signal, status: learned });
}

/**
 * Shows another view and puts its address into the history, so that it can be shared and survives a reload.
 * @param {View} next
 * @param {'push' | 'replace'} [as] whether Back leads to the view before
 */
function go({ misread: _old, ...next }, as = 'push') {
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
  showCurrent();
}

/** The menu is wider than a phone: its present page is scrolled into view, and the document stays where it is. */
function showCurrent() {
  const menu = byId('menu');
  /** @type {HTMLElement | null} */
  const current = menu.querySelector('[aria-current]');
  if (current === null) return;
  const left = current.offsetLeft - menu.offsetLeft;
  menu.scrollLeft = left - (menu.clientWidth - current.offsetWidth) / 2;
}

function again() {
  running.abort();
}

/** @param {string} message */
function banner(message) {
  const host = byId('banner');
  const text = message === '' ? '' : visible(`${message} Trying again.`);
  if (host.textContent !== text) host.textContent = text;
  host.hidden = message === '';
}
