// @ts-check
import { h } from './dom.js';
import { redraw } from './redraw.js';
import { get } from './requests.js';
import { wheres } from './share.js';
import { drawFilters, drawRanges } from './toolbar.js';
import { rangeQuery, withFilter } from './view-state.js';

/** @typedef {import('./context.js').PageContext} PageContext */

/**
 * The bar above a page of numbers: range, filters by dimension, the fields of the page itself, and the conditions that
 * clicks have added, each with a button that removes it.
 * @param {PageContext} context
 * @param {() => (HTMLElement | null)[]} [own] the page's own fields, with `data-key`
 */
export function createQueryBar(context, own = () => []) {
  const ranges = h('div', { class: 'segments', role: 'group', 'aria-label': 'Range of time' });
  const filters = h('div', { class: 'filters', role: 'group', 'aria-label': 'Filters' });
  const fields = h('div', { class: 'filters', role: 'group', 'aria-label': 'What is asked' });
  const conditions = h('ul', { class: 'chips conditions', 'aria-label': 'Conditions' });
  const element = h(
    'div',
    {},
    h('div', { class: 'bar', role: 'toolbar', 'aria-label': 'Range and filters' }, ranges, filters, fields),
    conditions,
  );
  /** @type {Record<import('../../panel.ts').FilterVariable, string[]>} */
  let values = { provider: [], org: [], project: [], model: [] };

  const draw = () => {
    const { view } = context;
    drawRanges(ranges, view, context.present(), (range) => context.change({ range }));
    drawFilters(filters, view, values, (variable, value) =>
      context.change({ filters: withFilter(view.filters, variable, value) }),
    );
    redraw(fields, ...own());
    redraw(
      conditions,
      wheres(view.options['where']).map((condition) =>
        h(
          'li',
          { 'data-key': condition },
          h('bdi', { title: condition }, condition.length <= 80 ? condition : `${condition.slice(0, 79)}…`),
          h(
            'button',
            {
              type: 'button',
              class: 'quiet small',
              'aria-label': `Remove ${condition}`,
              onclick: () => removeCondition(context, condition),
            },
            '×',
          ),
        ),
      ),
    );
  };
  return {
    element,
    draw,
    /**
     * Asks for the values that occur in the range. Returns an error instead of throwing it, because the caller does
     * other work at the same time and may have stopped waiting.
     * @param {AbortSignal} signal
     * @returns {Promise<unknown>} null when it succeeded
     */
    async ask(signal) {
      try {
        const found = await get(`/api/v1/values?${rangeQuery(context.view)}`, signal);
        // If the span has no requests, the values found last stay, so that the reader sees what can be chosen.
        if (Object.values(found).some((names) => names.length > 0)) values = found;
        draw();
        return null;
      } catch (error) {
        return error;
      }
    },
  };
}

/**
 * Adds conditions to the view, such as `client=bot` or `class!=ok`. The focus moves to the button that removes the last
 * added condition, because the clicked element may disappear.
 * @param {PageContext} context
 * @param {readonly string[]} added
 */
export function addConditions(context, added) {
  const present = wheres(context.view.options['where']).filter((one) => !added.includes(one));
  context.change({ options: { ...context.view.options, where: [...present, ...added].join('\n') } });
  const last = [...document.querySelectorAll('.conditions li')].at(-1);
  last?.querySelector('button')?.focus({ preventScroll: true });
}

/** @param {PageContext} context @param {string} condition */
function removeCondition(context, condition) {
  const rest = wheres(context.view.options['where']).filter((one) => one !== condition);
  context.change({ options: { ...context.view.options, where: rest.join('\n') } });
}

/**
 * A field for one of several choices. Its value is part of the page's address.
 * @param {PageContext} context
 * @param {{key: string, label: string, choices: readonly (readonly [value: string, title: string])[], preset: string}} field
 */
export function choice(context, { key, label, choices, preset }) {
  const chosen = context.view.options[key] ?? preset;
  return h(
    'select',
    {
      'data-key': key,
      'aria-label': label,
      title: label,
      onchange: (/** @type {Event} */ event) => {
        const { value } = /** @type {HTMLSelectElement} */ (event.currentTarget);
        context.change({ options: { ...context.view.options, [key]: value === preset ? '' : value } });
      },
    },
    ...choices.map(([value, title]) => h('option', { value, selected: value === chosen }, title)),
  );
}

/**
 * A field for a text. Enter applies it.
 * @param {PageContext} context
 * @param {{key: string, label: string, placeholder: string}} field
 */
export function words(context, { key, label, placeholder }) {
  return h('input', {
    type: 'search',
    class: 'field broad',
    'data-key': key,
    'aria-label': label,
    placeholder,
    value: context.view.options[key] ?? '',
    onchange: (/** @type {Event} */ event) => {
      const { value } = /** @type {HTMLInputElement} */ (event.currentTarget);
      context.change({ options: { ...context.view.options, [key]: value.trim() } });
    },
  });
}
