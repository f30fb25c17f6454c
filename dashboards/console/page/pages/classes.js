// @ts-check
import { h, swatch } from '../dom.js';
import { partyName, retryName } from '../names.js';

/**
 * Shows what each class means, whether repeating the request can help, and what to do.
 * @param {import('../context.js').PageContext} context
 * @returns {import('../context.js').Page}
 */
export function createPage(context) {
  const failures = [...context.classes.values()].filter(({ name }) => name !== 'ok');
  const element = h(
    'section',
    { 'aria-labelledby': 'page-title' },
    h('h2', { id: 'page-title', class: 'page-title' }, 'Error classes'),
    h(
      'p',
      { class: 'page-about' },
      'What each class means, whether repeating the request can help, and what to do.',
    ),
    h('div', { class: 'class-grid' }, ...failures.map((facts) => classSection(facts, context))),
  );
  let shown = '';
  const showOne = () => {
    const { id } = context.view;
    if (id === null || id === shown) return;
    shown = id;
    const section = element.querySelector(`#class-${CSS.escape(id)}`);
    section?.scrollIntoView({ block: 'start' });
    section?.querySelector('h3')?.focus({ preventScroll: true });
  };
  return {
    element,
    viewChanged: () => {
      shown = '';
      showOne();
    },
    refresh: () => {
      showOne();
      return Promise.resolve();
    },
  };
}

/**
 * @param {import('../../v1/catalogue.ts').ClassItem} facts
 * @param {import('../context.js').PageContext} context
 */
function classSection({ name, title, guide, fault, retry, owner, remedy, color }, { go }) {
  return h(
    'section',
    { class: 'class-entry', id: `class-${name}`, 'aria-labelledby': `class-title-${name}` },
    h('h3', { id: `class-title-${name}`, tabindex: '-1' }, swatch(color), title, ' ', h('code', {}, name)),
    h('p', { class: 'quieter' }, guide === null ? 'Not in the guide' : `In the guide: ${guide}`),
    h(
      'ul',
      { class: 'chips' },
      h('li', {}, partyName(fault)),
      h('li', { class: `retry-${retry}` }, retryName(retry)),
      h('li', {}, `Owner: ${owner}`),
    ),
    h('ol', { class: 'steps' }, ...remedy.map((step) => h('li', {}, step))),
    h(
      'p',
      { class: 'help-links' },
      h(
        'button',
        {
          type: 'button',
          class: 'cell-link',
          onclick: () => go({ page: 'errors', options: { class: name } }),
        },
        'Latest failures',
      ),
      h(
        'button',
        {
          type: 'button',
          class: 'cell-link',
          onclick: () => go({ page: 'explore', options: { by: 'client', where: `class=${name}` } }),
        },
        'Trend by client',
      ),
    ),
  );
}
