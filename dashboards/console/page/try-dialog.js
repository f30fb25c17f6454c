// @ts-check
import { byId, h } from './dom.js';
import { retryName } from './names.js';
import { RequestFailed } from './requests.js';

/** @typedef {import('../try.ts').TryAnswer} TryAnswer */
/** @typedef {import('../try.ts').TriedRecord} TriedRecord */

/** The largest text that the server takes, in bytes. */
const LARGEST = 1024 * 1024;

/** Sets up the sheet in which a record is pasted or dropped, and shows how it is read. Returns what opens it. */
export function createTryDialog() {
  const dialog = /** @type {HTMLDialogElement} */ (byId('try'));
  const text = /** @type {HTMLTextAreaElement} */ (byId('try-text'));
  const result = byId('try-result');

  const run = async () => {
    result.replaceChildren(h('p', { class: 'quieter' }, 'Reading …'));
    try {
      result.replaceChildren(...answer(await ask(text.value)));
    } catch (error) {
      result.replaceChildren(
        h('p', { class: 'try-dead' }, error instanceof Error ? error.message : String(error)),
      );
    }
  };
  byId('try-form').addEventListener('submit', (event) => {
    event.preventDefault();
    void run();
  });
  text.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void run();
  });
  text.addEventListener('paste', () => setTimeout(() => void run()));
  text.addEventListener('dragover', (event) => event.preventDefault());
  text.addEventListener('drop', (event) => {
    const file = event.dataTransfer?.files[0];
    if (file === undefined) return;
    event.preventDefault();
    void file
      .slice(0, LARGEST)
      .text()
      .then((content) => {
        text.value = content;
        return run();
      });
  });
  byId('try-close').addEventListener('click', () => dialog.close());
  dialog.addEventListener('click', (event) => {
    // The dialog itself is hit only on its backdrop: its content fills it.
    if (event.target === dialog) dialog.close();
  });
  return () => {
    dialog.showModal();
    text.focus();
  };
}

/** @param {string} body @returns {Promise<TryAnswer>} */
async function ask(body) {
  const response = await fetch('/api/try', {
    method: 'POST',
    headers: { 'content-type': 'text/plain', accept: 'application/json' },
    body,
  });
  const said = await response.json().catch(() => null);
  if (!response.ok)
    throw new RequestFailed(said?.error?.message ?? `The server answered ${response.status}.`);
  return said;
}

/** @param {TryAnswer} answer */
function answer({ unit, records, is_cut: isCut }) {
  const shown = records.flatMap(({ outcome, records: read, text }, i) => {
    const place = `${unit} ${i + 1}`;
    if (read.length > 0) return read.map((record) => section(place, record));
    return [
      h(
        'section',
        { class: 'try-record' },
        h('h3', {}, place, ': ', outcomeText(outcome)),
        text === '' ? null : h('pre', { class: 'try-text' }, text),
      ),
    ];
  });
  return [
    ...shown,
    isCut ? h('p', { class: 'quieter' }, 'The text has more; its first records were tried.') : null,
  ].filter((part) => part !== null);
}

/** @param {string} place @param {TriedRecord} record */
function section(place, { format, outcome, fields, requests, ignored, dropped }) {
  return h(
    'section',
    { class: 'try-record' },
    h('h3', {}, `${place}: ${format}, `, outcomeText(outcome)),
    ...requests.map((request) =>
      h(
        'div',
        {},
        h(
          'p',
          {},
          h('strong', {}, request.title),
          ' ',
          h('code', {}, request.class),
          ` by rule ${request.rule}; ${retryName(request.retry)}`,
        ),
        request.class === 'ok'
          ? null
          : h('ol', { class: 'steps' }, ...request.remedy.map((step) => h('li', {}, step))),
      ),
    ),
    fields.length === 0
      ? null
      : h(
          'table',
          { class: 'try-fields' },
          h('caption', { class: 'unseen' }, `Fields of ${place}`),
          h(
            'thead',
            {},
            h('tr', {}, ...['Field', 'Value', 'Read from'].map((name) => h('th', { scope: 'col' }, name))),
          ),
          h(
            'tbody',
            {},
            ...fields.map(({ field, value, from }) =>
              h(
                'tr',
                {},
                h('th', { scope: 'row' }, field),
                h('td', {}, textOf(value)),
                h('td', {}, h('code', {}, from.join(', '))),
              ),
            ),
          ),
        ),
    dropped.length === 0 ? null : h('p', {}, 'Left out as unreadable: ', dropped.join(', ')),
    ignored.length === 0 ? null : h('p', { class: 'quieter' }, 'Not used: ', ignored.join(', ')),
  );
}

/** @param {TriedRecord['outcome']} outcome */
function outcomeText(outcome) {
  if (outcome.kind === 'counted') return h('span', { class: 'try-counted' }, 'counted');
  const what = outcome.kind === 'dead' ? 'a dead letter' : 'skipped';
  const detail = outcome.detail === undefined ? '' : ` (${outcome.detail})`;
  return h(
    'span',
    { class: `try-${outcome.kind}` },
    `${what}: ${outcome.reason.replaceAll('_', ' ')}${detail}`,
  );
}

/** @param {unknown} value */
function textOf(value) {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
