// @ts-check
import { byId, h, swatch } from './dom.js';
import { partyName, retryName } from './names.js';

/** @typedef {import('../api.ts').ClassAnswer} ClassAnswer */

/**
 * Fills the sheet that explains the classes; returns what opens it, at one class or at the top.
 * @param {readonly ClassAnswer[]} classes
 */
export function createClassDialog(classes) {
  const dialog = /** @type {HTMLDialogElement} */ (byId('classes'));
  const failures = classes.filter(({ name }) => name !== 'ok');
  byId('classes-list').replaceChildren(...failures.map(classSection));
  byId('classes-close').addEventListener('click', () => dialog.close());
  dialog.addEventListener('click', (event) => {
    // The dialog itself is hit only on its backdrop: its content fills it.
    if (event.target === dialog) dialog.close();
  });
  return (/** @type {string | undefined} */ name) => {
    dialog.showModal();
    if (name === undefined) return;
    const section = byId(`class-${name}`);
    section.scrollIntoView({ block: 'start' });
    section.querySelector('h3')?.focus();
  };
}

/** @param {ClassAnswer} facts */
function classSection({ name, title, guide, fault, retry, owner, remedy, color }) {
  return h(
    'section',
    { class: 'class-entry', id: `class-${name}` },
    h('h3', { tabindex: '-1' }, swatch(color), title, ' ', h('code', {}, name)),
    h('p', { class: 'quieter' }, guide === null ? 'Not in the guide' : `In the guide: ${guide}`),
    h(
      'ul',
      { class: 'chips' },
      h('li', {}, partyName(fault)),
      h('li', { class: `retry-${retry}` }, retryName(retry)),
      h('li', {}, `Owner: ${owner}`),
    ),
    h('ol', { class: 'steps' }, ...remedy.map((step) => h('li', {}, step))),
  );
}
