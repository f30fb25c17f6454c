// @ts-check
import { h } from '../dom.js';
import { retryName } from '../names.js';
import { messageOf } from '../parts.js';
import { RequestFailed } from '../requests.js';

/** @typedef {import('../../try.ts').TryAnswer} TryAnswer */
/** @typedef {import('../../try.ts').TriedRecordAnswer} TriedRecord */

/** The largest text that the server accepts, in bytes. */
const LARGEST = 1024 * 1024;

/**
 * Shows how faultline reads each record that the user pastes or drops.
 * @returns {import('../context.js').Page}
 */
export function createPage() {
  const text = h('textarea', {
    id: 'try-text',
    spellcheck: 'false',
    autocomplete: 'off',
    placeholder: '{"ts": "…", "status": 429, "error": "You exceeded your current quota"}',
  });
  const result = h('div', { id: 'try-result', 'aria-live': 'polite' });

  const run = async () => {
    result.replaceChildren(h('p', { class: 'quieter' }, 'Reading …'));
    try {
      result.replaceChildren(...answer(await ask(text.value)));
    } catch (error) {
      result.replaceChildren(h('p', { class: 'try-dead' }, messageOf(error)));
    }
  };
  const form = h(
    'form',
    { class: 'try-form' },
    h('label', { class: 'unseen', for: 'try-text' }, 'Records'),
    text,
    h('div', {}, h('button', { type: 'submit', class: 'quiet' }, 'Read it')),
  );
  form.addEventListener('submit', (event) => {
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
  return {
    element: h(
      'section',
      { 'aria-labelledby': 'page-title' },
      h('h2', { id: 'page-title', class: 'page-title' }, 'Try a record'),
      h(
        'p',
        { class: 'page-about' },
        'Paste log lines or drop a file to see how each record is read and how it would be counted. Nothing is stored.',
      ),
      form,
      result,
    ),
    refresh: () => Promise.resolve(),
  };
}

/** @param {string} body @returns {Promise<TryAnswer>} */
async function ask(body) {
  const response = await fetch('/api/v1/try', {
    method: 'POST',
    headers: { 'content-type': 'text/plain', accept: 'application/json' },
    body,
  });
  const said = await response.json().catch(() => null);
  if (!response.ok) throw new RequestFailed(said?.detail ?? `The server answered ${response.status}.`);
  return said;
}

/** @param {TryAnswer} answer */
function answer({ unit, records, is_cut: isCut }) {
  const shown = records.flatMap(({ outcome, records: read, unread, text }, i) => {
    const place = `${unit} ${i + 1}`;
    if (read.length + unread.length === 0) return [unreadable(place, outcome, text)];
    return [
      ...read.map((record) => section(place, record)),
      ...unread.map((one) => unreadable(place, { kind: 'dead', ...one }, one.text)),
    ];
  });
  return [
    ...shown,
    isCut ? h('p', { class: 'quieter' }, 'Only the first records of the text were tried.') : null,
  ].filter((part) => part !== null);
}

/** @param {string} place @param {TriedRecord['outcome']} outcome @param {string} text */
function unreadable(place, outcome, text) {
  return h(
    'section',
    { class: 'try-record' },
    h('h3', {}, place, ': ', outcomeText(outcome)),
    text === '' ? null : h('pre', { class: 'try-text' }, text),
  );
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
