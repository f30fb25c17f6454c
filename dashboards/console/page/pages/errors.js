// @ts-check
import { choice, createQueryBar, words } from '../query-bar.js';
import { failureFacts } from '../failure-facts.js';
import { h, nameText, swatch } from '../dom.js';
import { clockSeconds, dayAndTime, fullTime } from '../format.js';
import { distinct, olderAfter } from '../older-failures.js';
import { createTrouble } from '../parts.js';
import { redraw } from '../redraw.js';
import { tableFrame } from '../table.js';
import { get } from '../requests.js';
import { conditionOf, withOptions } from '../share.js';
import { rangeQuery } from '../view-state.js';

/** @typedef {import('../context.js').PageContext} PageContext */
/** @typedef {import('../../v1/errors.ts').ErrorsAnswer} ErrorsAnswer */
/** @typedef {ErrorsAnswer['errors'][number]} Failure */

/** Rows that the page shows at once; a button loads older ones. */
const PAGE = 100;

/**
 * Single failures, newest first: time, class, who called what, and the redacted text. A new failure appears as soon as
 * it is stored.
 * @param {PageContext} context
 * @returns {import('../context.js').Page}
 */
export function createPage(context) {
  const failures = [...context.classes.values()].filter(({ name }) => name !== 'ok');
  const bar = createQueryBar(context, () => [
    choice(context, {
      key: 'class',
      label: 'Error class',
      choices: [
        ['', 'All classes'],
        ...failures.map(({ name, title }) => /** @type {const} */ ([name, title])),
      ],
      preset: '',
    }),
    words(context, {
      key: 'q',
      label: 'Part of the text, or a whole code, rule or request id',
      placeholder: 'text, code, rule or request id',
    }),
  ]);
  const trouble = createTrouble();
  const list = h('div', { class: 'card' });
  const more = h('button', { type: 'button', class: 'quiet', hidden: true }, 'Older ones');
  /** @type {Failure[]} */
  let older = [];
  /** @type {Failure[]} */
  let newest = [];
  /** @type {string | null} */
  let next = null;
  let askedFor = '';
  /** Keys of the rows whose details are shown. @type {Set<string>} */
  const shown = new Set();
  const opened = {
    has: (/** @type {string} */ key) => shown.has(key),
    toggle(/** @type {string} */ key) {
      if (!shown.delete(key)) shown.add(key);
      draw();
    },
  };

  const question = () => {
    const query = withOptions(rangeQuery(context.view), context.view.options, ['class', 'q', 'where']);
    for (const [name, value] of Object.entries(context.view.filters))
      query.append('where', conditionOf(name, [value]));
    query.set('limit', String(PAGE));
    return query;
  };
  const draw = () => {
    bar.draw();
    more.hidden = next === null;
    redraw(list, table([...newest, ...older], context, opened));
  };
  const ask = async (/** @type {string | null} */ cursor, /** @type {AbortSignal} */ signal) => {
    const query = question();
    if (cursor !== null) query.set('cursor', cursor);
    return /** @type {ErrorsAnswer} */ (await get(`/api/v1/errors?${query}`, signal));
  };
  const fail = (/** @type {unknown} */ error) => {
    trouble.tell(error);
  };
  more.addEventListener('click', () => {
    void ask(next, AbortSignal.timeout(30_000)).then((answer) => {
      older = [...older, ...answer.errors];
      next = answer.next;
      draw();
    }, fail);
  });

  return {
    element: h(
      'section',
      { 'aria-labelledby': 'page-title' },
      h('h2', { id: 'page-title', class: 'page-title' }, 'Errors'),
      h(
        'p',
        { class: 'page-about' },
        'Single failures, the newest first. A click on the time shows everything that is stored about one. Their texts are redacted; each is kept for 30 days unless a setting says otherwise.',
      ),
      bar.element,
      trouble.element,
      list,
      more,
    ),
    draw,
    viewChanged: draw,
    async refresh({ signal }) {
      const values = bar.ask(signal);
      try {
        const answer = await ask(null, signal);
        const asked = String(question());
        // While the range and the filters stay, older failures are kept, and only the newest page is asked for again.
        const isSame = asked === askedFor && older.length > 0;
        older = (isSame ? olderAfter(newest, older, answer.errors) : null) ?? [];
        if (older.length === 0) next = answer.next;
        askedFor = asked;
        newest = answer.errors;
        trouble.clear();
        draw();
      } catch (error) {
        if (signal.aborted) throw error;
        fail(error);
      }
      const failure = await values;
      if (failure !== null) throw failure;
    },
  };
}

/** @typedef {{has: (key: string) => boolean, toggle: (key: string) => void}} Opened rows whose details are shown */

/** On a phone the details of a row show what is not in its columns. */
const heads = ['Time', 'Class', 'By rule', 'Status', 'Caller', 'Model', 'Text', 'Request id'].map(
  (title) => ({
    title,
    class: ['Time', 'Class', 'Text'].includes(title) ? null : 'not-on-phone',
  }),
);

/** @param {readonly Failure[]} failures @param {PageContext} context @param {Opened} opened */
function table(failures, context, opened) {
  if (failures.length === 0) return h('p', { class: 'none' }, 'No failure in this range matches.');
  return tableFrame({
    label: 'Failures',
    caption: 'Failures, newest first',
    heads,
    rows: distinct(failures).flatMap((one) => {
      const key = JSON.stringify(one);
      const row = failureRow(one, { key, context, opened });
      if (!opened.has(key)) return [row];
      return [
        row,
        h(
          'tr',
          { class: 'open', 'data-key': `facts ${key}` },
          h('td', { class: 'whole', colspan: heads.length }, failureFacts(one, context)),
        ),
      ];
    }),
  });
}

/** @param {Failure} failure @param {{key: string, context: PageContext, opened: Opened}} given */
function failureRow(failure, { key, context, opened }) {
  const { classes, showClass } = context;
  const time = Date.parse(failure.ts);
  const facts = classes.get(failure.class);
  const isToday = Math.abs(context.present() - time) < 43_200_000;
  const caller = [failure.org, failure.project, failure.client].filter((part) => part !== '');
  return h(
    'tr',
    { 'data-key': key, class: opened.has(key) ? 'open' : null },
    h(
      'td',
      { class: 'nowrap' },
      h(
        'button',
        {
          type: 'button',
          class: 'cell-link',
          'aria-expanded': String(opened.has(key)),
          title: `${fullTime(time)}: everything that is stored about it`,
          onclick: () => opened.toggle(key),
        },
        h('time', { datetime: failure.ts }, isToday ? clockSeconds(time) : dayAndTime(time)),
      ),
    ),
    h(
      'td',
      { class: 'failure-class' },
      h(
        'button',
        {
          type: 'button',
          class: 'cell-link',
          title: 'What it means',
          onclick: () => showClass(failure.class),
        },
        facts === undefined ? '' : swatch(facts.color),
        facts?.title ?? failure.class,
      ),
      failure.subclass === '' ? '' : h('span', { class: 'faint' }, ' ', nameText(failure.subclass)),
    ),
    h('td', { class: 'not-on-phone' }, failure.rule === '' ? '–' : h('code', {}, nameText(failure.rule))),
    h('td', { class: 'not-on-phone' }, failure.status === 0 ? '–' : String(failure.status)),
    h(
      'td',
      { class: 'not-on-phone' },
      h('span', { class: 'scope path' }, ...caller.map((name) => h('span', {}, nameText(name)))),
    ),
    h('td', { class: 'not-on-phone' }, nameText(failure.model)),
    h('td', {}, h('bdi', { class: 'long', title: failure.message }, failure.message)),
    h(
      'td',
      { class: 'not-on-phone' },
      failure.request_id === '' ? '–' : h('code', {}, nameText(failure.request_id)),
    ),
  );
}
