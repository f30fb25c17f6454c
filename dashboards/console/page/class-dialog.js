// @ts-check
import { byId, h, swatch } from './dom.js';

/** @typedef {import('../api.ts').ClassAnswer} ClassAnswer */

/** Whose fault, in words. @type {Record<string, string>} */
export const partyNames = {
  provider: 'The provider',
  account: 'Your account',
  key: 'An API key',
  traffic: 'Your traffic',
  request: 'The request itself',
  network: 'The network',
  region: 'The region',
  pipeline: 'The log pipeline',
  unknown: 'Not clear yet',
};

/** Whether to repeat a request, in words. @type {Record<string, string>} */
export const retryNames = {
  yes: 'Retry with back-off',
  after_wait: 'Retry after waiting',
  no: 'Do not retry',
};

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
      h('li', {}, partyNames[fault] ?? fault),
      h('li', { class: `retry-${retry}` }, retryNames[retry] ?? retry),
      h('li', {}, `Owner: ${owner}`),
    ),
    h('ol', { class: 'steps' }, ...remedy.map((step) => h('li', {}, step))),
  );
}
