// @ts-check
import { byId, h } from './dom.js';
import { nearTime } from './format.js';
import { redraw } from './redraw.js';
import { ranges, variables } from './view-state.js';

/** @typedef {import('./view-state.js').View} View */
/** @typedef {import('../../panel.ts').FilterVariable} FilterVariable */

/** @type {Record<FilterVariable, {one: string, all: string}>} */
const names = {
  provider: { one: 'Provider', all: 'All providers' },
  org: { one: 'Organization', all: 'All organizations' },
  project: { one: 'Project', all: 'All projects' },
  model: { one: 'Model', all: 'All models' },
};

/**
 * Buttons for the range; a range drawn on a chart appears as one more, which takes it back.
 * @param {View} view
 * @param {number} present
 * @param {(range: View['range']) => void} choose
 */
export function drawRanges(view, present, choose) {
  const buttons = Object.entries(ranges).map(([name, { label }]) =>
    h(
      'button',
      {
        type: 'button',
        'data-key': name,
        'aria-pressed': String(view.range === name),
        'aria-label': `Last ${label}`,
        onclick: () => choose(/** @type {keyof typeof ranges} */ (name)),
      },
      name,
    ),
  );
  if (typeof view.range === 'object') {
    const { from, to } = view.range;
    const text = `${nearTime(from, present)} – ${nearTime(to, present)}`;
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
  redraw(byId('ranges'), buttons);
}

/**
 * A choice for each dimension that has more than one value in the range, or is filtered by.
 * @param {View} view
 * @param {Record<FilterVariable, string[]>} values
 * @param {(variable: FilterVariable, value: string) => void} choose
 */
export function drawFilters(view, values, choose) {
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
      ...offered.map((value) => h('option', { value, selected: value === chosen }, value)),
    );
  });
  redraw(byId('filters'), selects);
}
