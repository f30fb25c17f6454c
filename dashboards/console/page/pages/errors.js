// @ts-check
import { choice, createQueryBar, words } from '../query-bar.js';
import { h, swatch } from '../dom.js';
import { clockSeconds, dayAndTime, fullTime } from '../format.js';
import { createTrouble } from '../parts.js';
import { redraw } from '../redraw.js';
import { tableFrame } from '../table.js';
import { get } from '../requests.js';
import { withOptions } from '../share.js';
import { rangeQuery } from '../view-state.js';

/** @typedef {import('../context.js').PageContext} PageContext */
/** @typedef {import('../../v1/errors.ts').ErrorsAnswer} ErrorsAnswer */
/** @typedef {ErrorsAnswer['errors'][number]} Failure */

/** Rows that the page shows at once; a button loads older ones. */
const PAGE = 100;

/**
 * Single failures, newest first: time, class, who called what, and the redacted text. New ones appear as they are
 * stored.
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
      label: 'Part of the text, or a request id',
      placeholder: 'text or request id',
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

  const question = () => {
    const query = withOptions(rangeQuery(context.view), context.view.options, ['class', 'q', 'where']);
    for (const [name, value] of Object.entries(context.view.filters))
      query.append('where', `${name}=${value}`);
    query.set('limit', String(PAGE));
    return query;
  };
  const draw = () => {
    bar.draw();
    more.hidden = next === null;
    redraw(list, table([...newest, ...older], context));
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
        'Single failures, the newest first. Their texts are redacted; each is kept for 30 days unless a setting says otherwise.',
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
        // Older failures stay while the question is the same; only the newest page is asked for again.
        if (asked !== askedFor) older = [];
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

/** @param {readonly Failure[]} failures @param {PageContext} context */
function table(failures, context) {
  if (failures.length === 0) return h('p', { class: 'none' }, 'No failure in this range matches.');
  const present = context.present();
  const heads = ['Time', 'Class', 'Status', 'Caller', 'Model', 'Text', 'Request id'];
  return tableFrame({
    label: 'Failures',
    caption: 'Failures, newest first',
    heads: heads.map((title) => ({ title })),
    rows: distinct(failures).map((one) => failureRow(one, present, context)),
  });
}

/**
 * Removes duplicates: as new failures arrive, those of the newest page move to older pages, too.
 * @param {readonly Failure[]} failures
 */
function distinct(failures) {
  const seen = new Set();
  return failures.filter((one) => {
    const key = JSON.stringify(one);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** @param {Failure} failure @param {number} present @param {PageContext} context */
function failureRow(failure, present, { classes, showClass }) {
  const time = Date.parse(failure.ts);
  const facts = classes.get(failure.class);
  const isToday = Math.abs(present - time) < 43_200_000;
  return h(
    'tr',
    {},
    h(
      'td',
      { class: 'nowrap' },
      h(
        'time',
        { datetime: failure.ts, title: fullTime(time) },
        isToday ? clockSeconds(time) : dayAndTime(time),
      ),
    ),
    h(
      'td',
      { class: 'nowrap' },
      h(
        'button',
        {
          type: 'button',
          class: 'cell-link',
          title: failure.rule === '' ? 'What it means' : `What it means; by rule ${failure.rule}`,
          onclick: () => showClass(failure.class),
        },
        facts === undefined ? '' : swatch(facts.color),
        facts?.title ?? failure.class,
      ),
      failure.subclass === '' ? '' : h('span', { class: 'faint' }, ` ${failure.subclass}`),
    ),
    h('td', {}, failure.status === 0 ? '–' : String(failure.status)),
    h('td', {}, [failure.org, failure.project, failure.client].filter((part) => part !== '').join(' / ')),
    h('td', { class: 'nowrap' }, failure.model),
    h('td', { class: 'wrap' }, failure.message),
    h('td', {}, failure.request_id === '' ? '–' : h('code', {}, failure.request_id)),
  );
}
