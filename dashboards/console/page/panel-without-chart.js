// @ts-check
import { dataTable } from './data-table.js';
import { h } from './dom.js';
import { dayAndTime, number } from './format.js';

/** @typedef {Omit<import('../../panel.ts').Panel, 'sql'>} Panel */
/** @typedef {import('../panel-answer.ts').PanelAnswer} PanelAnswer */
/** @typedef {import('../panel-answer.ts').PanelCell} PanelCell */
/** @typedef {import('./data-table.js').TableActions} TableActions */

/**
 * Draws a panel without a chart.
 * @param {Panel} panel
 * @param {PanelAnswer} answer
 * @param {TableActions & {most: number | null, few: number}} actions `most`: how many rows are drawn if the table has
 * at least `few` rows beyond that number; null: all
 * @returns {{drawn: HTMLElement, more: number}} `more`: how many rows are not drawn
 */
export function panelWithoutChart(panel, answer, actions) {
  if (answer.shape === 'stat') return { drawn: stat(panel, answer.value), more: 0 };
  const { columns, rows, caption } =
    answer.shape === 'table' ? cellsOf(panel, answer) : valuesOf(panel, answer);
  if (rows.length === 0) {
    return { drawn: h('p', { class: 'none' }, panel.empty ?? 'No data in this range.'), more: 0 };
  }
  const { most, few } = actions;
  const shown = most === null || rows.length < most + few ? rows : rows.slice(0, most);
  return { drawn: dataTable(caption, columns, shown, actions), more: rows.length - shown.length };
}

/** @param {Panel} panel @param {Extract<PanelAnswer, {shape: 'table'}>} answer */
function cellsOf(panel, answer) {
  const columns =
    panel.columns ??
    answer.columns.map((name) => ({ name, title: name, unit: /** @type {const} */ ('text') }));
  const places = columns.map(({ name }) => answer.columns.indexOf(name));
  return {
    columns,
    rows: answer.rows.map((row) => places.map((at) => row[at] ?? null)),
    caption: panel.title,
  };
}

/** The numbers of a chart, newest first. @param {Panel} panel @param {Extract<PanelAnswer, {shape: 'series'}>} answer */
function valuesOf(panel, { times, series }) {
  /** @type {PanelCell[][]} */
  const rows = times
    .map((time, at) => [dayAndTime(time * 1_000), ...series.map(({ values }) => values[at] ?? null)])
    .filter((row) => row.slice(1).some((value) => value !== null && value !== 0))
    .reverse();
  return {
    columns: [
      { name: 'time', title: 'Time', unit: /** @type {const} */ ('text') },
      ...series.map(({ name, label }) => ({ name, title: label, unit: panel.unit })),
    ],
    rows,
    caption: `${panel.title}, newest first`,
  };
}

/**
 * @param {Panel} panel
 * @param {PanelCell} value
 */
function stat(panel, value) {
  if (value === null || value === '') return h('p', { class: 'stat none' }, panel.empty ?? '–');
  if (typeof value === 'string') return h('p', { class: 'stat' }, value);
  const reached = (panel.thresholds ?? []).filter((threshold) => value >= threshold.value).at(-1);
  const [figure = '', ...unit] = number(value, panel.unit).split(' ');
  return h(
    'p',
    { class: `stat ${reached === undefined ? '' : `is-${reached.color}`}` },
    figure,
    unit.length > 0 && h('span', { class: 'stat-unit' }, ` ${unit.join(' ')}`),
  );
}
