// @ts-check
import { createClassDialog } from './class-dialog.js';
import { byId, h } from './dom.js';
import { fullTime, zoneName } from './format.js';
import { createIncidentList } from './incident-list.js';
import { drawLive } from './live-header.js';
import { kindName, learnNames } from './names.js';
import { drawNotice } from './notices.js';
import { setUpButtons } from './page-buttons.js';
import { createPanelCard } from './panel-card.js';
import { redraw } from './redraw.js';
import { eachOf, get } from './requests.js';
import { drawFilters, drawRanges } from './toolbar.js';
import { createTryDialog } from './try-dialog.js';
import { rangeQuery, rangeSeconds, readView, stepFor, writeView } from './view-state.js';

/** @typedef {import('../live-status.ts').StatusAnswer} StatusAnswer */
/** @typedef {import('../api.ts').DashboardAnswer} DashboardAnswer */
/** @typedef {import('../../panel.ts').FilterVariable} FilterVariable */
/** @typedef {import('./chart-parts.js').Mark} Mark */

const REFRESH_MS = 2_000;

const view = readView();
const incidentList = createIncidentList();
/** @type {StatusAnswer | null} */
let status = null;
let statusAt = 0;
let paused = false;
/** @type {DashboardAnswer[]} */
let dashboards = [];
/** @type {ReturnType<typeof createPanelCard>[]} */
let cards = [];
/** @type {Mark[]} */
let marks = [];
/** @type {ReadonlyMap<string, import('../api.ts').ClassAnswer>} */
let classes = new Map();
/** @type {(name?: string) => void} */
let showClass = () => {};
/** Null where charts cannot be drawn. @type {typeof import('./charts.js').createChart | null} */
let createChart = null;
let running = new AbortController();
let wake = () => {};

/** Event time that counts as now; goes on between two refreshes when it keeps pace with the clock. */
function present() {
  if (status === null) return Date.now();
  const keepsPace = Math.abs(status.present - status.clock) < 1_000;
  return keepsPace ? status.present + Date.now() - statusAt : status.present;
}

void start();

async function start() {
  setUpButtons({
    showClasses: () => showClass(),
    showTry: createTryDialog(),
    pause: (isPaused) => {
      paused = isPaused;
      wake();
    },
    zoneChanged: () => {
      incidentList.draw(present());
      for (const card of cards) card.draw();
      changed();
    },
  });
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) wake();
  });
  setInterval(() => incidentList.tick(present()), 1_000);
  for (;;) {
    try {
      if (dashboards.length === 0) {
        learnNames(await get('/api/kinds'));
        const all = await get('/api/classes');
        classes = new Map(all.map((/** @type {import('../api.ts').ClassAnswer} */ one) => [one.name, one]));
        showClass = createClassDialog(all);
        dashboards = await get('/api/dashboards');
        createChart = await loadCharts();
        layOut();
      }
      await refresh(running.signal);
      banner('');
    } catch (error) {
      if (!running.signal.aborted) banner(error instanceof Error ? error.message : String(error));
    }
    if (running.signal.aborted) running = new AbortController();
    else await pauseAWhile(REFRESH_MS);
  }
}

/** Charts are loaded apart: a browser that cannot draw them still shows incidents and tables. */
async function loadCharts() {
  try {
    return (await import('./charts.js')).createChart;
  } catch (error) {
    console.error('charts cannot be drawn, tables show the numbers', error);
    return null;
  }
}

/** One round of questions; never overlaps another. @param {AbortSignal} signal */
async function refresh(signal) {
  const answer = /** @type {StatusAnswer} */ (await get('/api/status', signal));
  status = answer;
  statusAt = Date.now();
  const now = present();
  drawPart('live', () => drawLive(answer));
  drawPart('ranges', () => drawRanges(view, now, chooseRange));
  const isEmpty = drawPart('notice', () => drawNotice(answer, view, now, chooseRange)) ?? false;
  try {
    const { incidents } = /** @type {import('../api.ts').IncidentsAnswer} */ (
      await get('/api/incidents', signal)
    );
    incidentList.update(incidents, now, answer.newest);
    marks = incidents
      .filter(({ state }) => state !== 'pending')
      .map(({ started_at, resolved_at, severity, kind }) => ({
        from: Date.parse(started_at) / 1_000,
        to: (resolved_at === null ? now : Date.parse(resolved_at)) / 1_000,
        severity,
        title: kindName(kind),
      }));
  } catch (error) {
    if (signal.aborted) throw error;
    incidentList.fail(messageOf(error));
  }
  if (isEmpty) return;
  const seconds = rangeSeconds(view);
  // A failure waits until the panels have been asked: the next round must not overlap this one.
  const filters = get(`/api/filters?${rangeQuery(view)}`, signal).then(
    (values) => drawPart('filters', () => drawFilters(view, values, chooseFilter)),
    (/** @type {unknown} */ error) => error,
  );
  await eachOf(cards, 4, async (card) => {
    const query = rangeQuery(view);
    const isBars = card.panel.kind === 'bars';
    query.set('step', String(stepFor(seconds, card.width(), isBars)));
    for (const [name, value] of Object.entries(view.filters)) query.append(name, value);
    try {
      card.update(await get(`/api/panels/${card.panel.slug}?${query}`, signal), marks);
    } catch (error) {
      if (signal.aborted) throw error;
      card.fail(messageOf(error));
    }
  });
  const failure = await filters;
  if (failure !== undefined) throw failure;
  byId('foot-range').textContent =
    `Up to ${fullTime(now)} ${zoneName()}. Counted to ${answer.newest === null ? 'nothing yet' : fullTime(answer.newest)}.`;
}

/**
 * Draws a part of the page; one that fails takes nothing else down.
 * @template Drawn
 * @param {string} name
 * @param {() => Drawn} draw
 */
function drawPart(name, draw) {
  try {
    return draw();
  } catch (error) {
    console.error(`${name} cannot be drawn`, error);
    return undefined;
  }
}

/** Builds the cards of the chosen dashboard; tabs where there are several. */
function layOut() {
  const dashboard = dashboards.find(({ uid }) => uid === view.dashboard) ?? dashboards[0];
  for (const card of cards) card.destroy();
  cards = [];
  if (dashboard === undefined) return;
  byId('question').textContent = dashboard.question;
  redraw(
    byId('dashboards'),
    (dashboards.length < 2 ? [] : dashboards).map(({ uid, title }) =>
      h(
        'button',
        {
          type: 'button',
          'data-key': uid,
          'aria-current': uid === dashboard.uid ? 'page' : null,
          onclick: () => chooseDashboard(uid),
        },
        title.replace(/^faultline \/ /, ''),
      ),
    ),
  );
  const actions = {
    createChart,
    zoom: (/** @type {number} */ from, /** @type {number} */ to) => chooseRange({ from, to }),
    showDashboard: chooseDashboard,
    dashboards: new Set(dashboards.map(({ uid }) => uid)),
    table: () => ({ present: present(), classes, showClass, filter: chooseFilter }),
  };
  const rows = dashboard.rows.flatMap(({ title, panels }) => {
    // The page has the incidents beside the panels, with more room for them than a table gives.
    const shown = panels.filter(({ kind }) => kind !== 'incidents');
    if (shown.length === 0) return [];
    const built = shown.map((panel) => createPanelCard(panel, actions));
    cards.push(...built);
    return [
      h(
        'section',
        { class: 'row', 'aria-label': title },
        h('h2', {}, title),
        h('div', { class: 'grid' }, ...built.map(({ element }) => element)),
      ),
    ];
  });
  byId('rows').replaceChildren(...rows);
}

/** @param {import('./view-state.js').View['range']} range */
function chooseRange(range) {
  view.range = range;
  changed();
}

/**
 * @param {FilterVariable} variable
 * @param {string} value empty: all
 */
function chooseFilter(variable, value) {
  if (value === '') delete view.filters[variable];
  else view.filters[variable] = value;
  changed();
}

/** @param {string} uid */
function chooseDashboard(uid) {
  view.dashboard = uid;
  layOut();
  changed();
}

function changed() {
  writeView(view);
  drawRanges(view, present(), chooseRange);
  running.abort();
  wake();
}

/**
 * Waits until the next refresh is due: not while paused, and not while nobody looks.
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

/** @param {unknown} error */
function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
