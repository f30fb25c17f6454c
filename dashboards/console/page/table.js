// @ts-check
import { h } from './dom.js';

/** @typedef {import('./dom.js').Child} Child */

/**
 * The frame of a table: a scrolling area with a label for screen readers, the caption and the column heads.
 * @param {object} parts
 * @param {string} parts.label name of this part of the page
 * @param {string} [parts.caption] what the table contains; absent: the label
 * @param {readonly {title: string, class?: string | null}[]} parts.heads
 * @param {readonly HTMLTableRowElement[]} parts.rows
 */
export function tableFrame({ label, caption = label, heads, rows }) {
  return h(
    'div',
    { class: 'table-scroll', role: 'region', 'aria-label': label, tabindex: '0' },
    h(
      'table',
      {},
      h('caption', { class: 'unseen' }, caption),
      h(
        'thead',
        {},
        h('tr', {}, ...heads.map((head) => h('th', { scope: 'col', class: head.class ?? null }, head.title))),
      ),
      h('tbody', {}, ...rows),
    ),
  );
}
