// @ts-check
import { choice, createQueryBar } from '../query-bar.js';
import { h, nameText } from '../dom.js';
import { dayAndTime, number } from '../format.js';
import { createPanelCard, rangeActions } from '../panel-card.js';
import { createTrouble, messageOf, noteLine } from '../parts.js';
import { redraw } from '../redraw.js';
import { tableFrame } from '../table.js';
import { get } from '../requests.js';
import { conditionOf, conditionsOf, withOptions } from '../share.js';
import { parseLength, rangeQuery, rangeSeconds, stepFor } from '../view-state.js';

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
  /** The chart also shows the time with which the span is compared. */
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
        'Which part of the traffic fails more than before: all combinations of up to three dimensions, those that explain most with fewest dimensions first. The chosen span is compared with as long a time before it, at least an hour.',
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
    async refresh({ signal, status }) {
      const { view } = context;
      const values = bar.ask(signal);
      const query = withOptions(rangeQuery(view), view.options, ['class', 'where']);
      for (const [name, value] of Object.entries(view.filters))
        query.append('where', conditionOf(name, [value]));
      /** @type {ExplainAnswer | null} */
      let answer = null;
      try {
        answer = await get(`/api/v1/explain?${query}`, signal);
        trouble.clear();
      } catch (error) {
        if (signal.aborted) throw error;
        trouble.tell(error);
      }
      if (answer !== null) redraw(answerHost, ...ranked(answer, context, status.oldest));
      if (card !== null && panel !== undefined) {
        // Without an answer the chart still shows the span, so that the reader can select another one.
        const span = answer === null ? rangeQuery(view) : shownSpan(answer);
        const seconds =
          answer === null ? rangeSeconds(view) : Number(span.get('to')) - Number(span.get('from'));
        span.set('step', String(stepFor(seconds, card.width(), true)));
        for (const [name, value] of Object.entries(view.filters)) span.append(name, value);
        try {
          card.update(
            await get(`/api/v1/panels/${panel.slug}?${span}`, signal),
            answer === null ? [] : marksOf(answer),
          );
        } catch (error) {
          if (signal.aborted) throw error;
          card.fail(messageOf(error));
        }
      }
      const failure = await values;
      if (failure !== null) throw failure;
    },
  };
}

/** Epoch seconds of a time in the answer. @param {string} time */
function seconds(time) {
  return Date.parse(time) / 1_000;
}

/** The range of the chart: the span and the time with which it is compared. @param {ExplainAnswer} answer */
function shownSpan({ window, against, compared }) {
  if (!compared)
    return new URLSearchParams({ from: String(seconds(window.from)), to: String(seconds(window.to)) });
  return new URLSearchParams({
    from: String(Math.min(seconds(window.from), seconds(against.from))),
    to: String(Math.max(seconds(window.to), seconds(against.to))),
  });
}

/** @param {ExplainAnswer} answer @returns {import('../chart-parts.js').Mark[]} */
function marksOf({ window, against, compared }) {
  const mark = (
    /** @type {{from: string, to: string}} */ { from, to },
    /** @type {string} */ severity,
    /** @type {string} */ title,
  ) => ({ from: seconds(from), to: seconds(to), severity, title });
  return [mark(against, 'info', 'What it is compared with'), mark(window, 'warning', 'The span in question')];
}

/**
 * @param {ExplainAnswer} answer
 * @param {PageContext} context
 * @param {number | null} oldest first count, epoch ms
 */
function ranked({ window, against, compared, notes, total, scopes }, context, oldest) {
  const span = (/** @type {{from: string, to: string}} */ { from, to }) =>
    `${dayAndTime(Date.parse(from))} – ${dayAndTime(Date.parse(to))}`;
  if (total.requests === 0) {
    return [h('h3', {}, span(window)), h('p', { class: 'none' }, 'No request is counted in this span.')];
  }
  const count = `${counted(total.failures, 'failure')} of ${counted(total.requests, 'request')}`;
  const noteLines = notes.map(noteLine);
  if (!compared)
    return [h('h3', {}, span(window)), h('p', {}, `${count}.`), ...noteLines, shorterSpan(context, oldest)];
  const head = [
    h('h3', {}, `${span(window)} against ${span(against)}`),
    h('p', {}, `${count}; ${number(Math.round(total.expected), 'count')} were expected.`),
    ...noteLines,
  ];
  if (scopes.length === 0) {
    return [
      ...head,
      h('p', { class: 'none' }, 'No part of the traffic fails more than usual, beyond chance.'),
    ];
  }
  return [
    ...head,
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

/** @param {number} count @param {string} what */
function counted(count, what) {
  return `${number(count, 'count')} ${what}${count === 1 ? '' : 's'}`;
}

/**
 * A button for a shorter span, for which the counts may reach back far enough to compare with the time before.
 * @param {PageContext} context
 * @param {number | null} oldest first count, epoch ms
 */
function shorterSpan(context, oldest) {
  const known = oldest === null ? 0 : (context.present() - oldest) / 1_000;
  const length = ['24h', '6h', '1h', '15m'].find((one) => (parseLength(one) ?? 0) * 2 <= known);
  if (length === undefined) return null;
  return h(
    'p',
    { class: 'help-links' },
    'Choose a span that began later, or draw one on the chart. ',
    h(
      'button',
      { type: 'button', class: 'cell-link', onclick: () => context.change({ range: length }) },
      `Compare the last ${length} with the time before`,
    ),
  );
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
        h('span', { class: 'scope' }, ...scopeParts(scope)),
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
        : // If other parts fail less than before, the excess of one part is larger than that of all traffic.
          h('span', { class: 'ratio' }, share > 1 ? 'all' : number(share, 'ratio'), part),
    ),
  );
}

/** The values of a scope, or `all traffic` if it has none. @param {Record<string, string>} scope */
function scopeParts(scope) {
  const parts = Object.entries(scope).map(([name, value]) => h('span', {}, `${name} `, nameText(value)));
  return parts.length === 0 ? ['all traffic'] : parts;
}
