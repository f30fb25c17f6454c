// @ts-check
import { h, nameText, swatch } from './dom.js';
import { age, fullTime, number, words } from './format.js';
import { kindName } from './names.js';
import { tableFrame } from './table.js';

/** @typedef {import('../../panel.ts').PanelColumn} PanelColumn */
/** @typedef {import('../panel-answer.ts').PanelCell} PanelCell */
/** @typedef {import('../v1/catalogue.ts').ClassItem} ClassItem */

/**
 * @typedef {object} TableActions
 * @property {number} present epoch ms of event time; ages are measured from it
 * @property {ReadonlyMap<string, ClassItem>} classes
 * @property {(name: string) => void} showClass
 * @property {(variable: import('../../panel.ts').FilterVariable, value: string) => void} filter
 */

/**
 * A table of data. Numbers are right-aligned, classes show their colour, and values that filter are buttons.
 * @param {string} caption text for screen readers
 * @param {readonly PanelColumn[]} columns
 * @param {readonly (readonly PanelCell[])[]} rows in the columns' order
 * @param {TableActions} actions
 */
export function dataTable(caption, columns, rows, actions) {
  return tableFrame({
    label: caption,
    heads: columns.map((column) => ({ title: column.title, class: align(column) })),
    rows: rows.map((row) =>
      h(
        'tr',
        {},
        ...columns.map((column, at) =>
          h('td', { class: align(column) }, content(column, row[at] ?? null, actions)),
        ),
      ),
    ),
  });
}

/** @param {PanelColumn} column */
function align({ unit }) {
  return unit === 'text' ? null : unit === 'age' || unit === 'time' ? 'nowrap right' : 'right';
}

/**
 * @param {PanelColumn} column
 * @param {PanelCell} value
 * @param {TableActions} actions
 * @returns {Node | string}
 */
function content(column, value, actions) {
  if (value === null || value === '') return h('span', { class: 'faint' }, '–');
  const known = column.unit === 'text' ? actions.classes.get(String(value)) : undefined;
  if (known !== undefined && (column.link?.to === 'runbook' || column.name === 'class')) {
    return h(
      'button',
      {
        type: 'button',
        class: 'cell-link',
        title: 'What it means and what to do',
        onclick: () => actions.showClass(known.name),
      },
      swatch(known.color),
      known.title,
    );
  }
  if (column.link?.to === 'filter') {
    const { variable, title } = column.link;
    const wanted = String(value);
    return h(
      'button',
      { type: 'button', class: 'cell-link', title, onclick: () => actions.filter(variable, wanted) },
      nameText(wanted),
    );
  }
  if (column.unit === 'age' || column.unit === 'time') return timeCell(column.unit, value, actions.present);
  if (column.unit === 'text') return textCell(column.name, String(value));
  const amount = Number(value);
  if (column.unit === 'ratio') return ratioCell(amount);
  return number(amount, column.unit);
}

/**
 * Shows kinds and parties by their titles, and long texts in a few lines; the whole text appears on hover.
 * @param {string} column
 * @param {string} value
 */
function textCell(column, value) {
  if (column === 'kind') return kindName(value);
  if (column === 'verdict_party') return words(value);
  return nameText(value);
}

/**
 * @param {'age' | 'time'} unit
 * @param {string | number} value
 * @param {number} present
 */
function timeCell(unit, value, present) {
  const time =
    typeof value === 'number' ? value * 1_000 : Date.parse(`${value.replace(' ', 'T').replace(/Z$/, '')}Z`);
  const text = unit === 'age' ? age(present - time) : fullTime(time);
  return h('time', { datetime: new Date(time).toISOString(), title: fullTime(time) }, text);
}

/** @param {number} share */
function ratioCell(share) {
  const bar = h('span', { class: 'meter', 'aria-hidden': 'true' });
  bar.style.setProperty('--part', `${Math.min(100, Math.max(0, share * 100))}%`);
  return h('span', { class: 'ratio' }, number(share, 'ratio'), bar);
}
