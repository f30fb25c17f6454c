// @ts-check
import { copy } from './copy.js';
import { byId, h } from './dom.js';
import { pages } from './pages.js';
import { redraw } from './redraw.js';
import { forgetView, saveView, savedViews } from './saved-views.js';
import { waysTo } from './share.js';
import { addressOf, pageNames, readView } from './view-state.js';

/** @typedef {import('./view-state.js').View} View */
/** @typedef {{title: string, about: string, run: () => void}} Item */

const MOST = 12;

/**
 * Sets up the palette: the list of pages, saved views, classes and commands that Ctrl-K opens. Returns a function that
 * opens the palette.
 * @param {{view: () => View, go: (view: View) => void, classes: () => Iterable<import('../v1/catalogue.ts').ClassItem>}} given
 */
export function setUpPalette({ view, go, classes }) {
  const dialog = /** @type {HTMLDialogElement} */ (byId('palette'));
  const text = /** @type {HTMLInputElement} */ (byId('palette-text'));
  const list = byId('palette-list');
  /** @type {Item[]} */
  let matches = [];
  let chosen = 0;

  /** @returns {Item[]} */
  const items = () => [
    ...pageNames.map((page) => ({
      title: pages[page].title,
      about: pages[page].about,
      run: () => go({ ...view(), page, id: null, options: {} }),
    })),
    ...savedViews().map(({ name, address }) => ({
      title: name,
      about: 'Saved view',
      run: () => go(readView(new URL(address, location.origin))),
    })),
    ...waysTo(view(), location.origin).map(({ name, text: way }) => ({
      title: `Copy as ${name.toLowerCase()}`,
      about: way,
      run: () => copy(way),
    })),
    {
      title: 'Save this view',
      about: 'The text that you type after it becomes the name, such as "save this view Monday"',
      run: () => {
        const name = text.value.replace(/^save( this)?( view)?\s*/i, '').trim();
        saveView(
          name === '' ? `${pages[view().page].title} ${savedViews().length + 1}` : name,
          addressOf(view()),
        );
      },
    },
    ...savedViews().map(({ name }) => ({
      title: `Forget ${name}`,
      about: 'Saved view',
      run: () => forgetView(name),
    })),
    ...[...classes()].map(({ name, title, guide }) => ({
      title,
      about: guide ?? name,
      run: () => go({ ...view(), page: 'classes', id: name, options: {} }),
    })),
  ];

  const draw = () => {
    matches = matching(items(), text.value).slice(0, MOST);
    chosen = Math.min(chosen, Math.max(0, matches.length - 1));
    redraw(
      list,
      matches.map(({ title, about }, at) =>
        h(
          'li',
          {
            id: `palette-${at}`,
            role: 'option',
            'aria-selected': String(at === chosen),
            onclick: () => take(at),
          },
          h('span', {}, title),
          h('span', { class: 'faint' }, about),
        ),
      ),
      matches.length === 0 && h('li', { class: 'none' }, 'Nothing has this name.'),
    );
    if (matches.length === 0) text.removeAttribute('aria-activedescendant');
    else text.setAttribute('aria-activedescendant', `palette-${chosen}`);
  };
  /** @param {number} at */
  const take = (at) => {
    const item = matches[at];
    if (item === undefined) return;
    item.run();
    dialog.close();
  };
  const open = () => {
    text.value = '';
    chosen = 0;
    draw();
    dialog.showModal();
    text.focus();
  };

  text.addEventListener('input', () => {
    chosen = 0;
    draw();
  });
  text.addEventListener('keydown', (event) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      chosen = (chosen + step + matches.length) % Math.max(1, matches.length);
      draw();
    } else if (event.key === 'Enter') {
      event.preventDefault();
      take(chosen);
    }
  });
  dialog.addEventListener('click', (event) => {
    // The content fills the dialog, so a click whose target is the dialog itself was outside it, on the backdrop.
    if (event.target === dialog) dialog.close();
  });
  addEventListener('keydown', (event) => {
    if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey) || event.altKey) return;
    event.preventDefault();
    if (dialog.open) dialog.close();
    else open();
  });
  return open;
}

/**
 * Returns the items whose title and description together contain every word of a text; titles that start with the first
 * word come first. If the first word is `save`, returns the item that saves a view, because the rest of the text is the
 * name of the view.
 * @param {readonly Item[]} items
 * @param {string} text
 */
export function matching(items, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words[0] === 'save') return items.filter(({ title }) => title.startsWith('Save'));
  const first = words[0] ?? '';
  return items
    .filter(({ title, about }) => words.every((word) => `${title} ${about}`.toLowerCase().includes(word)))
    .toSorted(
      (a, b) =>
        Number(b.title.toLowerCase().startsWith(first)) - Number(a.title.toLowerCase().startsWith(first)),
    );
}
