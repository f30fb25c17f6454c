// @ts-check
import { h } from './dom.js';
import { isUtc, nearTime } from './format.js';
import { redraw } from './redraw.js';
import { addressOf, parseLength, ranges, readTime, variables } from './view-state.js';

/** @typedef {import('./view-state.js').View} View */
/** @typedef {import('../../panel.ts').FilterVariable} FilterVariable */
/** @typedef {(variable: FilterVariable, value: string) => void} ChooseFilter an empty value: all */

/** @type {Record<FilterVariable, {one: string, all: string}>} */
const names = {
  provider: { one: 'Provider', all: 'All providers' },
  org: { one: 'Organization', all: 'All organizations' },
  project: { one: 'Project', all: 'All projects' },
  model: { one: 'Model', all: 'All models' },
};

/**
 * Draws buttons for the usual ranges, and a field for any other range. If the view has another range, this range gets a
 * button too, which returns to 24 hours.
 * @param {Element} host
 * @param {View} view
 * @param {number} present
 * @param {(range: View['range']) => void} choose
 */
export function drawRanges(host, view, present, choose) {
  const buttons = Object.entries(ranges).map(([name, label]) =>
    h(
      'button',
      {
        type: 'button',
        'data-key': name,
        'aria-pressed': String(view.range === name),
        'aria-label': `Last ${label}: ${name}`,
        onclick: () => choose(name),
      },
      name,
    ),
  );
  if (typeof view.range === 'object' || ranges[view.range] === undefined) {
    const text =
      typeof view.range === 'string'
        ? `last ${view.range}`
        : `${nearTime(view.range.from, present)} – ${nearTime(view.range.to, present)}`;
    buttons.push(
      h(
        'button',
        {
          type: 'button',
          'data-key': 'drawn',
          'aria-pressed': 'true',
          'aria-label': `${text}: back to 24 hours`,
          onclick: () => choose('24h'),
        },
        text,
        h('span', { 'aria-hidden': 'true' }, ' ×'),
      ),
    );
  }
  redraw(
    host,
    buttons,
    typeof view.range === 'object' && differsLink(view),
    otherRange(choose),
    // `otherRange` writes here what is wrong with the text in its field.
    h('span', { 'data-key': 'wrong', 'data-own': true, class: 'range-wrong', role: 'status' }),
    view.misread !== undefined &&
      h(
        'span',
        { 'data-key': 'misread', class: 'range-wrong', role: 'status' },
        `The address has no range that can be read (${view.misread}): these are the last 24 hours.`,
      ),
  );
}

/** A link to the page that says what differs in the drawn span. @param {View} view */
function differsLink(view) {
  if (view.page === 'differs') return null;
  const { range, filters, options } = view;
  /** @type {Record<string, string>} */
  const asked = options['where'] === undefined ? {} : { where: options['where'] };
  return h(
    'a',
    {
      'data-key': 'differs',
      class: 'range-link',
      href: addressOf({ page: 'differs', id: null, dashboard: null, range, filters, options: asked }),
    },
    'What differs in it',
  );
}

/** @param {(range: View['range']) => void} choose */
function otherRange(choose) {
  return h('input', {
    type: 'text',
    'data-key': 'other',
    class: 'other-range',
    'aria-label': 'Another range: a length such as 90m or 3d, or start and end',
    title: 'A length such as 90m, 3d, 2w; or 2026-03-01 12:00 to 2026-03-01 18:00. Press Enter.',
    placeholder: '90m, 3d, …',
    onchange: (/** @type {Event} */ event) => {
      const field = /** @type {HTMLInputElement} */ (event.currentTarget);
      const range = parseRange(field.value, isUtc());
      const isWrong = range === null && field.value.trim() !== '';
      field.setAttribute('aria-invalid', String(isWrong));
      const said = field.parentElement?.querySelector('[data-key=wrong]') ?? null;
      if (said !== null)
        said.textContent = isWrong
          ? 'Not a range: write a length such as 90m or 3d, or 2026-03-01 12:00 to 2026-03-01 18:00.'
          : '';
      if (range === null) return;
      field.value = '';
      choose(range);
    },
  });
}

/**
 * The range that a person typed: a length (`90m`, `last 3d`), or two times with ` to ` between them. null for any other
 * text.
 * @param {string} text
 * @param {boolean} utc whether times without a zone are read as UTC
 * @returns {View['range'] | null}
 */
export function parseRange(text, utc) {
  const length = text
    .trim()
    .toLowerCase()
    .replace(/^last\s+|\s+/g, '');
  if (parseLength(length) !== null) return length;
  const [from, to, more] = text.split(/\s+(?:to|–|-)\s+|\.\./i).map((part) => readTime(part.trim(), utc));
  if (from === undefined || to === undefined || more !== undefined) return null;
  return from > 0 && to > from ? { from, to } : null;
}

/** Cuts a long name, because the list of a select is as wide as its longest entry. @param {string} name */
function shortened(name) {
  return name.length <= 60 ? name : `${name.slice(0, 59)}…`;
}

/**
 * Shows a select for each dimension that has more than one value in the range, or a chosen value.
 * @param {Element} host
 * @param {View} view
 * @param {Record<FilterVariable, string[]>} values
 * @param {ChooseFilter} choose
 */
export function drawFilters(host, view, values, choose) {
  const shown = variables.filter(
    (variable) => values[variable].length > 1 || view.filters[variable] !== undefined,
  );
  const selects = shown.map((variable) => {
    const chosen = view.filters[variable];
    const offered =
      chosen === undefined || values[variable].includes(chosen)
        ? values[variable]
        : [chosen, ...values[variable]];
    return h(
      'select',
      {
        'data-key': variable,
        onchange: (/** @type {Event} */ event) =>
          choose(variable, /** @type {HTMLSelectElement} */ (event.currentTarget).value),
        'aria-label': names[variable].one,
        class: chosen === undefined ? null : 'chosen',
      },
      h('option', { value: '' }, names[variable].all),
      ...offered.map((value) => h('option', { value, selected: value === chosen }, shortened(value))),
    );
  });
  redraw(host, selects);
}
