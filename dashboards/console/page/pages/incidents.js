// @ts-check
import { choice } from '../query-bar.js';
import { h } from '../dom.js';
import { duration, nearTime, words } from '../format.js';
import { scopeChips } from '../incident-card.js';
import { createIncidentDetail } from '../incident-detail.js';
import { kindName, kindNames, partyName, partyNames } from '../names.js';
import { createTrouble } from '../parts.js';
import { redraw } from '../redraw.js';
import { tableFrame } from '../table.js';
import { get } from '../requests.js';

/** @typedef {import('../context.js').PageContext} PageContext */
/** @typedef {import('../../v1/incidents.ts').IncidentsAnswer} IncidentsAnswer */
/** @typedef {IncidentsAnswer['incidents'][number]} IncidentItem */

/**
 * Shows all incidents with filters, or the one incident that the address names.
 * @param {PageContext} context
 * @returns {import('../context.js').Page}
 */
export function createPage(context) {
  const list = createList(context);
  const element = h('div', {}, list.element);
  /** @type {ReturnType<typeof createIncidentDetail> | null} */
  let detail = null;

  const choose = () => {
    const { id } = context.view;
    if (id === (detail?.id ?? null)) return;
    detail = id === null ? null : createIncidentDetail(context, id);
    element.replaceChildren(detail?.element ?? list.element);
  };
  choose();
  return {
    element,
    viewChanged() {
      choose();
      if (detail === null) list.draw();
    },
    draw: () => (detail ?? list).draw(),
    tick: (present) => detail?.tick(present),
    refresh: ({ signal }) => (detail ?? list).refresh(signal),
  };
}

/** @param {PageContext} context */
function createList(context) {
  const fields = h('div', { class: 'filters', role: 'group', 'aria-label': 'Filters' });
  const trouble = createTrouble();
  const host = h('div', { class: 'card' });
  /** @type {readonly IncidentItem[] | null} */
  let items = null;
  let hasMore = false;
  const draw = () => {
    redraw(
      fields,
      choice(context, {
        key: 'state',
        label: 'State',
        choices: [
          ['', 'Open and resolved'],
          ['open', 'Open'],
          ['firing', 'Firing'],
          ['pending', 'Pending'],
          ['resolved', 'Resolved'],
        ],
        preset: '',
      }),
      choice(context, {
        key: 'kind',
        label: 'Kind',
        choices: [['', 'All kinds'], ...kindNames()],
        preset: '',
      }),
      choice(context, {
        key: 'party',
        label: 'Who must act',
        choices: [['', 'All parties'], ...partyNames()],
        preset: '',
      }),
    );
    if (items !== null) redraw(host, ...table(items, hasMore, context));
  };
  draw();
  return {
    element: h(
      'section',
      { 'aria-labelledby': 'page-title' },
      h('h2', { id: 'page-title', class: 'page-title' }, 'Incidents'),
      h('p', { class: 'page-about' }, 'Open incidents first, then the newest.'),
      h('div', { class: 'bar', role: 'toolbar', 'aria-label': 'Filters' }, fields),
      trouble.element,
      host,
    ),
    draw,
    /** @param {AbortSignal} signal */
    async refresh(signal) {
      const query = new URLSearchParams({ limit: '100' });
      for (const name of ['state', 'kind', 'party']) {
        const value = context.view.options[name] ?? '';
        if (value !== '') query.set(name, value);
      }
      try {
        const answer = /** @type {IncidentsAnswer} */ (await get(`/api/v1/incidents?${query}`, signal));
        items = answer.incidents;
        hasMore = answer.next !== null;
        trouble.clear();
        draw();
      } catch (error) {
        if (signal.aborted) throw error;
        trouble.tell(error);
      }
    },
  };
}

/** @param {readonly IncidentItem[]} items @param {boolean} hasMore @param {PageContext} context */
function table(items, hasMore, context) {
  if (items.length === 0) return [h('p', { class: 'none' }, 'No incident matches.')];
  const present = context.present();
  const heads = ['Incident', 'State', 'Since', 'For', 'Affected', 'Who must act', 'What happened'];
  return [
    tableFrame({
      label: 'Incidents',
      caption: 'Incidents, open ones first',
      heads: heads.map((title) => ({ title })),
      rows: items.map((one) => incidentRow(one, present)),
    }),
    hasMore && h('p', { class: 'none' }, 'Older ones: faultline incidents --limit 1000, or the API.'),
  ];
}

/** @param {IncidentItem} one @param {number} present */
function incidentRow(one, present) {
  const started = Date.parse(one.started_at);
  const ended = one.resolved_at === null ? present : Date.parse(one.resolved_at);
  return h(
    'tr',
    { 'data-key': one.id, class: one.severity },
    h(
      'td',
      { class: 'nowrap' },
      h('a', { href: `/incidents/${encodeURIComponent(one.id)}` }, kindName(one.kind)),
    ),
    h(
      'td',
      { class: 'nowrap' },
      h('span', { class: `state is-${one.state}` }, words(one.state)),
      one.attention === null ? '' : h('span', { class: 'faint' }, ` ${words(one.attention.state)}`),
    ),
    h('td', { class: 'nowrap' }, nearTime(started, present)),
    h('td', { class: 'nowrap' }, duration(ended - started)),
    h('td', {}, scopeChips(one)),
    h('td', { class: 'nowrap' }, partyName(one.verdict.party)),
    h('td', {}, one.summary),
  );
}
