// @ts-check
import { h } from './dom.js';
import { logScale } from './log-scale.js';
import { panelWithoutChart } from './panel-without-chart.js';
import { redraw } from './redraw.js';

/** @typedef {Omit<import('../../panel.ts').Panel, 'sql'>} Panel */
/** @typedef {import('../panel-answer.ts').PanelAnswer} PanelAnswer */
/** @typedef {import('./data-table.js').TableActions} TableActions */
/** @typedef {import('./chart-parts.js').Mark} Mark */

/**
 * How many rows of a long table are shown at first. A button shows the others, so the page scrolls and not a table
 * within it.
 */
const FIRST_ROWS = 8;
/** A table with fewer than this many rows beyond the first ones is shown as a whole. */
const FEW_ROWS = 4;

/**
 * @typedef {object} CardActions
 * @property {typeof import('./charts.js').createChart | null} createChart null when charts cannot be drawn; tables then show the numbers
 * @property {import('./charts.js').Zoom} zoom
 * @property {(panel: Panel) => import('./chart-pick.js').Picker | null} [pickerFor] what a click on a series does; absent: nothing
 * @property {(uid: string) => void} showDashboard
 * @property {ReadonlySet<string>} dashboards uids that can be shown
 * @property {() => TableActions} table
 * @property {ReturnType<typeof import('./log-scale.js').logScale>} scale
 * @property {boolean} [isControl] the chart is drawn even without numbers, because the reader selects spans on it
 */

/**
 * Actions of a card on a page without dashboards: a span that the reader selects on its chart becomes the range.
 * @param {import('./context.js').PageContext} context
 * @returns {CardActions}
 */
export function rangeActions(context) {
  return {
    createChart: context.createChart,
    zoom: (from, to) => context.change({ range: { from, to } }),
    showDashboard: () => {},
    dashboards: new Set(),
    table: () => ({
      present: context.present(),
      classes: context.classes,
      showClass: context.showClass,
      filter: () => {},
    }),
    scale: logScale(context),
    isControl: true,
  };
}

/**
 * The card of one panel: title, description, drawing, and for charts the same numbers as a table.
 * @param {Panel} panel
 * @param {CardActions} actions
 */
export function createPanelCard(panel, actions) {
  const titleId = `panel-${panel.slug}`;
  const helpId = `help-${panel.slug}`;
  const body = h('div', { class: 'panel-body' }, h('div', { class: 'waiting', 'aria-hidden': 'true' }));
  const trouble = h('p', { class: 'trouble', role: 'status', hidden: true });
  const help = h(
    'div',
    { class: 'help', id: helpId, hidden: true },
    h('p', {}, panel.description),
    linkList(panel, actions),
  );
  const helpButton = h(
    'button',
    {
      type: 'button',
      class: 'quiet small',
      'aria-expanded': 'false',
      'aria-controls': helpId,
      'aria-label': `How to read: ${panel.title}`,
      title: 'How to read this',
    },
    '?',
  );
  helpButton.addEventListener('click', () => {
    help.hidden = !help.hidden;
    helpButton.setAttribute('aria-expanded', String(!help.hidden));
  });
  const isChart = panel.kind === 'timeseries' || panel.kind === 'bars' || panel.kind === 'heatmap';
  const tableButton = h(
    'button',
    {
      type: 'button',
      class: 'quiet small',
      'aria-pressed': String(actions.createChart === null),
      'aria-label': `${panel.title} as a table`,
    },
    'Table',
  );
  const logButton = h(
    'button',
    {
      type: 'button',
      class: 'quiet small',
      'aria-pressed': 'false',
      'aria-label': `Log scale of ${panel.title}`,
      title:
        panel.stacked === true
          ? 'A logarithmic scale: one spike does not hide the rest. Each series is a line of its own then, not a part of a stack.'
          : 'A logarithmic scale: one spike does not hide the rest',
      hidden: true,
    },
    'Log',
  );
  const element = h(
    'section',
    {
      class: `panel ${panel.kind} ${(panel.columns?.length ?? 0) > 5 && panel.kind === 'table' ? 'broad' : ''}`,
      'aria-labelledby': titleId,
    },
    h(
      'header',
      { class: 'panel-head' },
      h('h3', { id: titleId, title: panel.title }, panel.title, isChart && unitLabel(panel)),
      isChart && logButton,
      isChart && tableButton,
      helpButton,
    ),
    help,
    trouble,
    body,
  );
  element.style.setProperty('--span', String(panel.width));

  /** @type {ReturnType<typeof import('./charts.js').createChart> | null} */
  let chart = null;
  /** @type {PanelAnswer | null} */
  let last = null;
  /** @type {Mark[]} */
  let marks = [];
  /** Whether all rows of a long table are shown. */
  let isWhole = false;

  const show = () => {
    if (last === null) return;
    const asTable = tableButton.getAttribute('aria-pressed') === 'true';
    const isDrawn = last.shape === 'series' && (last.series.length > 0 || actions.isControl === true);
    if (last.shape === 'series' && isDrawn && !asTable && actions.createChart !== null) {
      // The chart is kept while a table is shown or there is nothing to draw, because it knows which series the reader
      // has hidden.
      chart ??= actions.createChart(panel, actions.zoom, actions.pickerFor?.(panel) ?? null);
      redraw(
        body,
        chart.element,
        last.series.length === 0 && h('p', { class: 'none' }, panel.empty ?? 'No data in this range.'),
      );
      const isLog = actions.scale.isOn(panel.slug);
      chart.useLog(isLog);
      chart.update(last, marks);
      logButton.setAttribute('aria-pressed', String(isLog));
      if (isLog || hidesTheRest(last.series)) logButton.hidden = false;
      return;
    }
    const { drawn, more } = panelWithoutChart(panel, last, {
      ...actions.table(),
      most: isWhole ? null : FIRST_ROWS,
      few: FEW_ROWS,
    });
    redraw(body, drawn, more > 0 && moreButton(more));
  };
  /** @param {number} more rows that are not shown */
  const moreButton = (more) =>
    h(
      'button',
      {
        type: 'button',
        class: 'cell-link more-rows',
        'data-key': 'more',
        onclick: () => {
          isWhole = true;
          tryShow();
          /** @type {HTMLElement | null} */ (body.querySelector('.table-scroll'))?.focus({
            preventScroll: true,
          });
        },
      },
      `Show ${more} more ${more === 1 ? 'row' : 'rows'}`,
    );
  /** Shows the panel. If it cannot be drawn, its card says so, and other cards are still drawn. */
  const tryShow = () => {
    try {
      show();
      trouble.hidden = true;
    } catch (error) {
      console.error(error);
      trouble.textContent = `Cannot be drawn: ${error instanceof Error ? error.message : String(error)}`;
      trouble.hidden = false;
    }
  };
  tableButton.addEventListener('click', () => {
    tableButton.setAttribute('aria-pressed', String(tableButton.getAttribute('aria-pressed') !== 'true'));
    tryShow();
  });

  logButton.addEventListener('click', () => {
    actions.scale.set(panel.slug, !actions.scale.isOn(panel.slug));
    tryShow();
  });

  return {
    element,
    panel,
    /** Width for the drawing in pixels. */
    width: () => body.clientWidth,
    /**
     * @param {PanelAnswer} answer
     * @param {Mark[]} nextMarks
     */
    update(answer, nextMarks) {
      last = answer;
      marks = nextMarks;
      tryShow();
    },
    /** Draws the same numbers again, because the time zone has changed. */
    draw: tryShow,
    /** @param {string} message */
    fail(message) {
      trouble.textContent = `Not up to date: ${message}`;
      trouble.hidden = false;
      if (last === null) redraw(body, h('p', { class: 'none' }, 'No numbers yet.'));
    },
    destroy() {
      chart?.destroy();
    },
  };
}

/**
 * Whether one value is so large that most others are drawn near zero.
 * @param {readonly {values: (number | null)[]}[]} series
 */
export function hidesTheRest(series) {
  const sizes = series
    .flatMap(({ values }) => values)
    .filter((value) => value !== null && value > 0)
    .toSorted((a, b) => Number(a) - Number(b));
  return sizes.length >= 10 && Number(sizes.at(-1)) > 20 * Number(sizes[Math.floor(sizes.length / 2)]);
}

/** @param {Panel} panel */
function unitLabel({ unit }) {
  const text = unit === 'per_minute' ? 'per minute' : unit === 'per_second' ? 'per second' : '';
  return text === '' ? null : h('span', { class: 'unit' }, ` ${text}`);
}

/**
 * @param {Panel} panel
 * @param {CardActions} actions
 */
function linkList(panel, actions) {
  const buttons = (panel.links ?? []).flatMap((link) => {
    if (link.to === 'runbook' && link.class !== undefined) {
      const { class: name, title } = link;
      return [
        h(
          'button',
          { type: 'button', class: 'cell-link', onclick: () => actions.table().showClass(name) },
          title,
        ),
      ];
    }
    if (link.to === 'dashboard' && actions.dashboards.has(link.uid)) {
      const { uid, title } = link;
      return [
        h('button', { type: 'button', class: 'cell-link', onclick: () => actions.showDashboard(uid) }, title),
      ];
    }
    return [];
  });
  return buttons.length === 0 ? null : h('p', { class: 'help-links' }, ...buttons);
}
