// @ts-check
import { choice, createQueryBar } from '../query-bar.js';
import { h } from '../dom.js';
import { dayAndTime, number } from '../format.js';
import { createPanelCard, rangeActions } from '../panel-card.js';
import { createTrouble } from '../parts.js';
import { redraw } from '../redraw.js';
import { tableFrame } from '../table.js';
import { get } from '../requests.js';
import { conditionsOf, withOptions } from '../share.js';
import { rangeQuery, rangeSeconds, stepFor } from '../view-state.js';

/** @typedef {import('../context.js').PageContext} PageContext */
/** @typedef {import('../../v1/explain.ts').ExplainAnswer} ExplainAnswer */

/**
 * Ranks the parts of the traffic that failed more in a span than before it. The reader marks the span on a chart.
 * @param {PageContext} context
 * @returns {import('../context.js').Page}
 */
export function createPage(context) {
  const failures = [...context.classes.values()].filter(({ name }) => name !== 'ok');
  const bar = createQueryBar(context, () => [
    choice(context, {
      key: 'class',
      label: 'Which failures',
      choices: [
        ['', 'All failures'],
        ...failures.map(({ name, title }) => /** @type {const} */ ([name, title])),
      ],
      preset: '',
    }),
  ]);
  const trouble = createTrouble();
  const answerHost = h('div', { class: 'card', 'aria-live': 'polite' });
  const panel = context.dashboards
    .flatMap(({ rows }) => rows.flatMap(({ panels }) => panels))
    .find(({ slug }) => slug === 'errors-by-class');
  /** The chart also shows the time before the span, so that the reader can compare both. */
  const card =
    panel === undefined
      ? null
      : createPanelCard(
          { ...panel, title: 'Failures: draw over the span in question', width: 24, height: 10 },
          rangeActions(context),
        );

  return {
    element: h(
      'section',
      { 'aria-labelledby': 'page-title' },
      h('h2', { id: 'page-title', class: 'page-title' }, 'What differs'),
      h(
        'p',
        { class: 'page-about' },
        'Which part of the traffic fails more than before: all combinations of up to three dimensions, those that explain most with fewest dimensions first. The chosen span is compared with the time before it.',
      ),
      bar.element,
      trouble.element,
      card === null ? null : h('div', { class: 'grid' }, card.element),
      answerHost,
    ),
    rest: 10_000,
    draw: bar.draw,
    viewChanged: bar.draw,
    destroy: () => card?.destroy(),
    async refresh({ signal }) {
      const { view } = context;
      const values = bar.ask(signal);
      const query = withOptions(rangeQuery(view), view.options, ['class', 'where']);
      for (const [name, value] of Object.entries(view.filters)) query.append('where', `${name}=${value}`);
      try {
        const answer = /** @type {ExplainAnswer} */ (await get(`/api/v1/explain?${query}`, signal));
        redraw(answerHost, ...ranked(answer, context));
        if (card !== null && panel !== undefined) {
          const span = around(view, context.present());
          const asked = new URLSearchParams({
            ...span,
            step: String(stepFor(rangeSeconds(view) * 3, card.width(), true)),
          });
          for (const [name, value] of Object.entries(view.filters)) asked.append(name, value);
          card.update(await get(`/api/v1/panels/${panel.slug}?${asked}`, signal), [markOf(answer)]);
        }
        trouble.clear();
      } catch (error) {
        if (signal.aborted) throw error;
        trouble.tell(error);
      }
      const failure = await values;
      if (failure !== null) throw failure;
    },
  };
}

/**
 * The range of the chart: the span and twice its length before it.
 * @param {PageContext['view']} view
 * @param {number} present
 */
function around(view, present) {
  const seconds = rangeSeconds(view);
  const to = typeof view.range === 'string' ? present : view.range.to;
  return { from: String(Math.round(to - 3_000 * seconds)), to: String(Math.round(to)) };
}

/** @param {ExplainAnswer} answer @returns {import('../chart-parts.js').Mark} */
function markOf({ window }) {
  return {
    from: Date.parse(window.from) / 1_000,
    to: Date.parse(window.to) / 1_000,
    severity: 'warning',
    title: 'The span in question',
  };
}

/** @param {ExplainAnswer} answer @param {PageContext} context */
function ranked({ window, against, total, scopes }, context) {
  const span = (/** @type {{from: string, to: string}} */ { from, to }) =>
    `${dayAndTime(Date.parse(from))} – ${dayAndTime(Date.parse(to))}`;
  const head = h('h3', {}, `${span(window)} against ${span(against)}`);
  const all = `${number(total.failures, 'count')} failures of ${number(total.requests, 'count')} requests; ${number(Math.round(total.expected), 'count')} were expected.`;
  if (scopes.length === 0) {
    return [
      head,
      h('p', {}, all),
      h('p', { class: 'none' }, 'No part of the traffic fails more than usual, beyond chance.'),
    ];
  }
  return [
    head,
    h('p', {}, all),
    tableFrame({
      label: 'What differs',
      caption: 'Parts of the traffic, the best explanation first',
      heads: [
        { title: 'Scope' },
        ...['Requests', 'Failures', 'Expected', 'Excess', 'Share of the excess'].map((title) => ({
          title,
          class: 'right',
        })),
      ],
      rows: scopes.map((one) => scopeRow(one, context)),
    }),
  ];
}

/** @param {ExplainAnswer['scopes'][number]} one @param {PageContext} context */
function scopeRow({ scope, requests, failures, expected, excess, share }, context) {
  const part = h('span', { class: 'meter', 'aria-hidden': 'true' });
  part.style.setProperty('--part', `${Math.min(100, Math.max(0, (share ?? 0) * 100))}%`);
  const where = conditionsOf(scope);
  return h(
    'tr',
    {},
    h(
      'td',
      {},
      h(
        'button',
        {
          type: 'button',
          class: 'cell-link',
          title: 'Its trend by class',
          onclick: () => context.go({ page: 'explore', options: { by: 'class', where } }),
        },
        Object.entries(scope)
          .map(([name, value]) => `${name} ${value}`)
          .join(' · '),
      ),
    ),
    h('td', { class: 'right' }, number(requests, 'count')),
    h('td', { class: 'right' }, number(failures, 'count')),
    h('td', { class: 'right' }, number(expected, 'count')),
    h('td', { class: 'right' }, `${excess > 0 ? '+' : ''}${number(Math.round(excess), 'count')}`),
    h(
      'td',
      { class: 'right' },
      share === null
        ? '–'
        : // Where others fail less than before, one part has more than there is in all.
          h('span', { class: 'ratio' }, share > 1 ? 'all' : number(share, 'ratio'), part),
    ),
  );
}
