// @ts-check
import { addConditions, choice, createQueryBar } from '../query-bar.js';
import { createPanelCard, rangeActions } from '../panel-card.js';
import { h, nameText, swatch } from '../dom.js';
import { number } from '../format.js';
import { createTrouble } from '../parts.js';
import { redraw } from '../redraw.js';
import { tableFrame } from '../table.js';
import { get } from '../requests.js';
import { conditionOf, withOptions } from '../share.js';
import { rangeQuery } from '../view-state.js';

/** @typedef {import('../context.js').PageContext} PageContext */
/** @typedef {import('../../v1/trends.ts').TrendsAnswer} TrendsAnswer */
/** @typedef {TrendsAnswer['series'][number]} TrendSeries */
/** @typedef {'errors' | 'requests' | 'share'} Measure */

const dimensions = /** @type {const} */ ([
  ['class', 'Error class'],
  ['provider', 'Provider'],
  ['org', 'Organization'],
  ['project', 'Project'],
  ['client', 'Client'],
  ['model', 'Model'],
  ['api_key', 'Key'],
  ['region', 'Region'],
  ['endpoint', 'Endpoint'],
  ['status', 'Status'],
  ['subclass', 'Which limit'],
]);
const measures = /** @type {const} */ ([
  ['errors', 'Failures'],
  ['requests', 'Requests'],
  ['share', 'Share of failures'],
]);
/** More lines than this cannot be distinguished; the table shows all groups. */
const MOST_LINES = 12;

/**
 * Trends by any dimension, as a chart and as a table: grouped, compared with the time before, and filtered by a click.
 * @param {PageContext} context
 * @returns {import('../context.js').Page}
 */
export function createPage(context) {
  const bar = createQueryBar(context, () => [
    choice(context, { key: 'by', label: 'Group by', choices: dimensions, preset: 'class' }),
    choice(context, {
      key: 'and',
      label: 'And by',
      choices: [['', 'and by …'], ...dimensions],
      preset: '',
    }),
    choice(context, { key: 'show', label: 'What is shown', choices: measures, preset: 'errors' }),
  ]);
  const trouble = createTrouble();
  const chartHost = h('div', { class: 'grid' });
  const table = h('div', { class: 'card' });
  /** @type {ReturnType<typeof createPanelCard> | null} */
  let card = null;
  let cardOf = '';
  /** @type {TrendsAnswer | null} */
  let last = null;

  /** @type {import('../chart-pick.js').Picker} */
  const picker = {
    place: '',
    // No condition can leave out a combination of two values; the table can leave out each value alone.
    canLeaveOut: () => by().length === 1,
    pick(name, isLeftOut) {
      const group = last?.series.find((one) => nameOf(one) === name)?.group ?? {};
      addConditions(
        context,
        Object.entries(group).map(([dimension, value]) => conditionOf(dimension, [value], isLeftOut)),
      );
    },
  };
  const measure = () => /** @type {Measure} */ (context.view.options['show'] ?? 'errors');
  const by = () => groupedBy(context.view.options);

  const draw = () => {
    bar.draw();
    if (last === null) return;
    if (card === null || cardOf !== measure()) {
      card?.destroy();
      cardOf = measure();
      card = createPanelCard(panelOf(measure()), { ...rangeActions(context), pickerFor: () => picker });
      chartHost.replaceChildren(card.element);
    }
    card.update(chartAnswer(last, measure(), context), []);
    redraw(table, ...tableOf(last, by(), context));
  };

  return {
    element: h(
      'section',
      { 'aria-labelledby': 'page-title' },
      h('h2', { id: 'page-title', class: 'page-title' }, 'Explore'),
      h(
        'p',
        { class: 'page-about' },
        'Failures over time by any dimension, with the same time before. Click a value in the table or a part of the chart to keep only that; Shift-click, or ≠, leaves it out. A span that you draw on the chart becomes the range.',
      ),
      bar.element,
      trouble.element,
      chartHost,
      table,
    ),
    rest: 10_000,
    draw,
    viewChanged: draw,
    destroy: () => card?.destroy(),
    async refresh({ signal }) {
      const values = bar.ask(signal);
      try {
        last = /** @type {TrendsAnswer} */ (await get(`/api/v1/trends?${questionOf(context)}`, signal));
        trouble.clear();
        draw();
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
 * The dimensions by which the view groups.
 * @param {Record<string, string>} options
 */
export function groupedBy({ by = 'class', and = '' }) {
  return and === '' || and === by ? by.split(',') : [...by.split(','), and];
}

/**
 * The view of the page as parameters of the API.
 * @param {Pick<PageContext, 'view'>} context
 */
function questionOf({ view }) {
  const query = rangeQuery(view);
  query.set('by', groupedBy(view.options).join(','));
  for (const [name, value] of Object.entries(view.filters)) query.append('where', conditionOf(name, [value]));
  return withOptions(query, view.options, ['where']);
}

/** @param {Measure} measure @returns {Omit<import('../../../panel.ts').Panel, 'sql'>} */
function panelOf(measure) {
  const titles = { errors: 'Failures', requests: 'Requests', share: 'Share of failures' };
  return {
    slug: 'explore',
    title: titles[measure],
    description: 'One line, or one part of each bar, per group. The table below has all groups.',
    kind: measure === 'share' ? 'timeseries' : 'bars',
    unit: measure === 'share' ? 'ratio' : 'count',
    stacked: measure !== 'share',
    width: 24,
    height: 12,
    empty: 'Nothing in this range.',
  };
}

/**
 * @param {TrendsAnswer} answer
 * @param {Measure} measure
 * @param {PageContext} context
 * @returns {import('../../panel-answer.ts').PanelAnswer}
 */
function chartAnswer({ from, to, step, series }, measure, { classes, present }) {
  const first = Date.parse(from) / 1_000;
  // A step that is still being counted would look like a drop, so it is left out.
  const whole = (series[0]?.points ?? []).filter(({ ts }) => Date.parse(ts) + step * 1_000 <= present());
  const times = whole.map(({ ts }) => Date.parse(ts) / 1_000);
  return {
    slug: 'explore',
    shape: 'series',
    from: first,
    to: Date.parse(to) / 1_000,
    step,
    times,
    series: series.slice(0, MOST_LINES).map((one) => ({
      name: nameOf(one),
      label: Object.entries(one.group)
        .map(([name, value]) => titleOf(name, value, classes))
        .join(' · '),
      color:
        Object.keys(one.group).length === 1 ? (classes.get(one.group['class'] ?? '')?.color ?? null) : null,
      values: one.points
        .slice(0, times.length)
        .map((point) =>
          measure === 'share'
            ? point.requests === 0
              ? null
              : point.errors / point.requests
            : point[measure],
        ),
    })),
  };
}

/** A name that no other group of the answer has. @param {Pick<TrendSeries, 'group'>} series */
function nameOf({ group }) {
  return JSON.stringify(Object.values(group));
}

/**
 * @param {string} dimension
 * @param {string} value
 * @param {PageContext['classes']} classes
 */
function titleOf(dimension, value, classes) {
  if (value === '') return '(empty)';
  return dimension === 'class' ? (classes.get(value)?.title ?? value) : value;
}

/**
 * The numbers of a group. `compares`: shown only if the time before has requests. A phone leaves out the columns with
 * the class `not-on-phone`.
 * @type {readonly {title: string, class: string, compares: boolean, text: (one: TrendSeries) => string}[]}
 */
const measured = [
  {
    title: 'requests',
    class: 'right not-on-phone',
    compares: false,
    text: ({ requests }) => number(requests, 'count'),
  },
  { title: 'failures', class: 'right', compares: false, text: ({ errors }) => number(errors, 'count') },
  {
    title: 'share',
    class: 'right',
    compares: false,
    text: ({ share }) => (share === null ? '–' : number(share, 'ratio')),
  },
  {
    title: 'the time before',
    class: 'right not-on-phone',
    compares: true,
    text: ({ previous_errors: before }) => (before === null ? '–' : number(before, 'count')),
  },
  { title: 'change', class: 'right', compares: true, text: changeText },
];

/**
 * @param {TrendsAnswer} answer
 * @param {readonly string[]} by
 * @param {PageContext} context
 */
function tableOf({ series, left_off: leftOff }, by, context) {
  if (series.length === 0) return [h('p', { class: 'none' }, 'Nothing in this range matches.')];
  const isCompared = series.some(({ previous_errors: before }) => before !== null);
  const columns = measured.filter(({ compares }) => isCompared || !compares);
  const rows = series.map((one) =>
    h(
      'tr',
      { 'data-key': JSON.stringify(one.group) },
      ...by.map((dimension) => h('td', {}, groupCell(dimension, one.group[dimension] ?? '', context))),
      ...columns.map((column) => h('td', { class: column.class }, column.text(one))),
    ),
  );
  return [
    h(
      'p',
      { class: 'help-links' },
      h(
        'a',
        { href: `/api/v1/trends?${csvOf(context)}`, download: 'faultline-trends.csv' },
        'Download as CSV',
      ),
    ),
    !isCompared && h('p', { class: 'quieter' }, 'There is too little earlier traffic to compare with.'),
    tableFrame({
      label: 'Groups',
      caption: 'Groups with their failures, most first',
      heads: [...by.map((title) => ({ title })), ...columns],
      rows,
    }),
    leftOff > 0 &&
      h(
        'p',
        { class: 'none' },
        `${leftOff} more groups have fewer failures; /api/v1/trends lists them with a higher limit.`,
      ),
  ];
}

/** @param {PageContext} context */
function csvOf(context) {
  const query = questionOf(context);
  query.set('format', 'csv');
  return query;
}

/**
 * A value with two buttons: one keeps only this value, one leaves it out.
 * @param {string} dimension
 * @param {string} value
 * @param {PageContext} context
 */
function groupCell(dimension, value, context) {
  const facts = dimension === 'class' ? context.classes.get(value) : undefined;
  const title = titleOf(dimension, value, context.classes);
  return h(
    'span',
    { class: 'group-cell' },
    h(
      'button',
      {
        type: 'button',
        class: 'cell-link',
        title: `Only ${dimension} ${title}`,
        onclick: (/** @type {MouseEvent} */ { shiftKey }) =>
          addConditions(context, [conditionOf(dimension, [value], shiftKey)]),
      },
      facts === undefined ? '' : swatch(facts.color),
      nameText(title),
    ),
    h(
      'button',
      {
        type: 'button',
        class: 'quiet small',
        'aria-label': `Leave out ${dimension} ${title}`,
        title: `Leave out ${dimension} ${title}`,
        onclick: () => addConditions(context, [conditionOf(dimension, [value], true)]),
      },
      '≠',
    ),
  );
}

/** @param {TrendSeries} series */
function changeText({ errors, previous_errors: before }) {
  if (before === null) return '–';
  if (before === 0) return errors === 0 ? '–' : 'new';
  const change = errors / before;
  if (change >= 2) return `${number(change, 'count')} times`;
  const percent = Math.round((change - 1) * 100);
  return `${percent > 0 ? '+' : ''}${percent} %`;
}
