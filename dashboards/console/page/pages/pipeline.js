// @ts-check
import { createReplay, letterRows } from '../dead-letters.js';
import { h } from '../dom.js';
import { age, dayAndTime, number, words } from '../format.js';
import { createTrouble } from '../parts.js';
import { redraw } from '../redraw.js';
import { tableFrame } from '../table.js';
import { get } from '../requests.js';
import { mayAct, onlyReads } from '../role.js';

/** @typedef {import('../context.js').PageContext} PageContext */
/** @typedef {import('../../v1/pipeline.ts').PipelineAnswer} PipelineAnswer */
/** @typedef {import('../dom.js').Child} Child */

/**
 * Shows the state of the pipeline: partitions and their lag, dead letters, fields that were left out, and names that
 * were counted as (other).
 * @param {PageContext} context
 * @returns {import('../context.js').Page}
 */
export function createPage(context) {
  const trouble = createTrouble();
  const host = h('div', {});
  /** @type {PipelineAnswer | null} */
  let last = null;
  const draw = () => {
    if (last !== null) redraw(host, ...cards(last, context, replay));
  };
  const replay = createReplay(() => context.again());
  return {
    element: h(
      'section',
      { 'aria-labelledby': 'page-title' },
      h('h2', { id: 'page-title', class: 'page-title' }, 'Pipeline'),
      h(
        'p',
        { class: 'page-about' },
        'What is read and up to where, what could not be read, and what was left out.',
      ),
      trouble.element,
      host,
    ),
    rest: 5_000,
    draw,
    destroy: () => replay.destroy(),
    async refresh({ signal }) {
      try {
        last = /** @type {PipelineAnswer} */ (await get('/api/v1/pipeline', signal));
        trouble.clear();
        draw();
      } catch (error) {
        if (signal.aborted) throw error;
        trouble.tell(error);
      }
    },
  };
}

/**
 * @param {PipelineAnswer} answer
 * @param {PageContext} context
 * @param {{element: Element}} replay
 */
function cards(answer, { go }, replay) {
  const now = Date.now();
  const since = (/** @type {string} */ time) => `${age(now - Date.parse(time))} ago`;
  return [
    card(
      'Partitions',
      table(
        ['Topic', 'Partition', 'State', 'Waiting', 'Stored up to', 'Reported', 'Worker'],
        answer.partitions.map((one) => [
          one.topic,
          String(one.partition),
          one.reason === '' ? words(one.state) : `${words(one.state)}: ${words(one.reason)}`,
          number(one.behind, 'count'),
          since(one.stored_until),
          since(one.said_at),
          one.worker,
        ]),
        answer.source === null
          ? 'No worker has reported a partition within a day. Is faultline ingest running?'
          : `This process reads ${answer.source.name}, which has no partitions.`,
      ),
    ),
    card(
      'Sources of the last day, and what became of their records',
      table(
        ['Source', 'Partitions', 'Requests', 'Failed', 'Skipped', 'Dead letters'],
        answer.topics.map((one) => [
          one.topic,
          String(one.partitions),
          ...[one.counted, one.failed, one.skipped, one.dead].map((count) => number(count, 'count')),
        ]),
        'Nothing was stored in the last day.',
      ),
    ),
    card(
      'Dead letters',
      table(
        ['When', 'Place', 'Reason', 'Detail', 'Start of the record', 'State'],
        letterRows(answer.dead_letters),
        'Every record could be read.',
      ),
      answer.dead_letters.length > 0 && [
        h(
          'p',
          { class: 'help-links' },
          'The settings with which this process was started decide what can be read: after you have corrected the mapping, start it again, or use ',
          h('code', {}, 'faultline dead-letters replay'),
          '. Each record is counted once, however often you do so. ',
          h('button', { type: 'button', class: 'cell-link', onclick: () => go({ page: 'try' }) }, 'Try one'),
        ),
        mayAct() ? replay.element : onlyReads(),
      ],
    ),
    card(
      'Fields that were left out in the last day',
      table(
        ['Field', 'Records'],
        answer.dropped_fields.map(({ field, records }) => [field, number(records, 'count')]),
        'None: every field could be read.',
      ),
    ),
    card(
      'Requests counted as (other) in the last day',
      table(
        ['Dimension', 'Requests'],
        answer.folded.map(({ dimension, requests }) => [dimension, number(requests, 'count')]),
        'None.',
      ),
    ),
    card(
      'Records that Kafka deleted before they were read',
      table(
        ['Topic', 'Partition', 'Offsets', 'Noticed'],
        answer.losses.map((one) => [
          one.topic,
          String(one.partition),
          `${one.from} to ${one.to}`,
          dayAndTime(Date.parse(one.at)),
        ]),
        'None in the last 30 days.',
      ),
    ),
    card(
      'Are the counts right?',
      answer.topics.length > 0 && answer.broken.length === 0
        ? h(
            'p',
            {},
            h('span', { class: 'state is-resolved' }, 'ok'),
            ' The batches of the last day follow each other without a gap, and their sums are right.',
          )
        : answer.broken.length > 0 &&
            h(
              'p',
              { class: 'trouble' },
              'These batches of the last day leave a gap, have wrong sums, or report lost records:',
            ),
      answer.broken.length > 0 &&
        table(
          ['Topic', 'Partition', 'What', 'Offsets'],
          answer.broken.map((one) => [
            one.topic,
            String(one.partition),
            words(one.kind),
            `${number(one.from, 'count')} to ${number(one.to, 'count')}`,
          ]),
          '',
        ),
      h(
        'p',
        {},
        h('code', {}, 'faultline reconcile'),
        ' compares everything with the ledger of what was read; ',
        h('code', {}, 'faultline doctor'),
        ' checks store, topics and receivers.',
      ),
    ),
  ];
}

/** @param {string} title @param {...(Child | Child[])} content */
function card(title, ...content) {
  return h('section', { class: 'card', 'data-key': title }, h('h3', {}, title), ...content);
}

/**
 * @param {readonly string[]} heads
 * @param {readonly (readonly (string | Node)[])[]} rows
 * @param {string} none text to show when there are no rows
 */
function table(heads, rows, none) {
  if (rows.length === 0) return h('p', { class: 'none' }, none);
  return tableFrame({
    label: heads.join(', '),
    heads: heads.map((title) => ({ title })),
    rows: rows.map((row) => h('tr', {}, ...row.map((cell) => h('td', {}, cell)))),
  });
}
