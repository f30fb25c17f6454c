// @ts-check
import { copy } from './copy.js';
import { h } from './dom.js';
import { dayAndTime, number, words } from './format.js';
import { messageOf } from './parts.js';
import { redraw } from './redraw.js';
import { post } from './requests.js';
import { quoted } from './share.js';

/** @typedef {import('../v1/pipeline.ts').PipelineAnswer['dead_letters'][number]} DeadLetter */
/** @typedef {import('../v1/dead-letters.ts').ReplayAnswer} ReplayAnswer */

/**
 * The command that shows the original record of a dead letter; null when its source cannot be read again. The topic of
 * a file is named `file:NAME#…`, and its offsets are line numbers from 0.
 * @param {Pick<DeadLetter, 'topic' | 'partition' | 'offset'>} letter
 */
export function originalOf({ topic, partition, offset }) {
  const file = /^file:(.+)#[0-9a-f]+$/.exec(topic)?.[1];
  if (file !== undefined) return `sed -n ${offset + 1}p ${quoted(file)} | faultline try`;
  if (/^(stdin|demo)#/.test(topic)) return null;
  return `kafka-console-consumer.sh --bootstrap-server localhost:9092 --topic ${quoted(topic)} --partition ${partition} --offset ${offset} --max-messages 1 | faultline try`;
}

/**
 * The rows of the table of dead letters.
 * @param {readonly DeadLetter[]} letters
 */
export function letterRows(letters) {
  return letters.map((one) => [
    dayAndTime(Date.parse(one.at)),
    `${one.topic} ${one.partition}:${one.offset}${one.part === 0 ? '' : `.${one.part}`}`,
    words(one.reason),
    one.detail,
    h('code', { class: 'wrap' }, one.text),
    stateOf(one),
  ]);
}

/** @param {DeadLetter} letter */
function stateOf(letter) {
  if (letter.counted_since) return 'counted';
  if (letter.whole) return 'waits';
  const command = originalOf(letter);
  return h(
    'span',
    { title: 'Its whole text is not stored, so it cannot be counted from here.' },
    'not whole ',
    command !== null &&
      h(
        'button',
        {
          type: 'button',
          class: 'cell-link',
          title: command,
          'aria-label': `Copy the command that shows the original of offset ${letter.offset}`,
          onclick: () => copy(command),
        },
        'Copy command',
      ),
  );
}

/**
 * Says what became of dead letters that were read again.
 * @param {Omit<ReplayAnswer, 'next'>} read
 * @param {boolean} isDry
 */
export function replayText({ counted, rejected, cut, in_doubt, reasons }, isDry) {
  const why = reasons
    .map(({ reason, count }) => `${reason.replaceAll('_', ' ')} ${number(count, 'count')}`)
    .join(', ');
  return [
    isDry
      ? `${requests(counted)} can be counted.`
      : `${requests(counted)} ${counted === 1 ? 'was' : 'were'} counted.`,
    rejected > 0 && `${letters(rejected)} cannot be read${why === '' ? '' : ` (${why})`}.`,
    cut > 0 && `Of ${letters(cut)} the whole text is not stored.`,
    in_doubt > 0 &&
      `${letters(in_doubt)} were being counted when a process was killed, long ago: faultline reconcile says whether their counts are missing.`,
  ]
    .filter((part) => part !== false)
    .join(' ');
}

/** @param {number} count */
function requests(count) {
  return `${number(count, 'count')} ${count === 1 ? 'request' : 'requests'}`;
}

/** @param {number} count */
function letters(count) {
  return `${number(count, 'count')} ${count === 1 ? 'dead letter' : 'dead letters'}`;
}

/**
 * Two buttons: one shows what the present settings can read, the other counts it. An answer of the server covers some
 * seconds of reading, so the page asks until nothing is left.
 * @param {() => void} done called when something was counted
 */
export function createReplay(done) {
  const said = h('p', { role: 'status', class: 'replay-said' });
  let isRunning = false;
  let isGone = false;
  /** @param {boolean} isDry */
  const run = async (isDry) => {
    if (isRunning) return;
    isRunning = true;
    draw();
    /** @type {Omit<ReplayAnswer, 'next'>} */
    let sum = { counted: 0, rejected: 0, cut: 0, in_doubt: 0, reasons: [] };
    said.className = 'replay-said';
    said.textContent = 'Reading …';
    try {
      /** @type {string | null} */
      let cursor = null;
      do {
        /** @type {ReplayAnswer} */
        const answer = await post('/api/v1/dead-letters/replay', {
          dry_run: isDry,
          ...(cursor === null ? {} : { cursor }),
        });
        sum = added(sum, answer);
        cursor = answer.next;
        said.textContent = `${replayText(sum, isDry)}${cursor === null ? '' : ' Reading on …'}`;
      } while (cursor !== null && !isGone);
    } catch (error) {
      said.className = 'replay-said trouble';
      said.textContent = `${sum.counted > 0 ? `${replayText(sum, isDry)} ` : ''}${messageOf(error)}`;
    }
    isRunning = false;
    draw();
    if (!isDry && sum.counted > 0) done();
  };
  const bar = h('div', { class: 'bar' });
  const draw = () =>
    redraw(
      bar,
      ...[
        { title: 'See what can be read now', isDry: true },
        { title: 'Count what can be read now', isDry: false },
      ].map(({ title, isDry }) =>
        h(
          'button',
          {
            type: 'button',
            class: 'quiet',
            'data-key': title,
            'aria-disabled': String(isRunning),
            onclick: () => void run(isDry),
          },
          title,
        ),
      ),
    );
  draw();
  return {
    element: h('div', { 'data-key': 'replay', 'data-own': true }, bar, said),
    destroy() {
      isGone = true;
    },
  };
}

/**
 * @param {Omit<ReplayAnswer, 'next'>} sum
 * @param {ReplayAnswer} more
 */
function added(sum, more) {
  const counts = new Map(sum.reasons.map((one) => [one.reason, one]));
  for (const one of more.reasons)
    counts.set(one.reason, { ...one, count: one.count + (counts.get(one.reason)?.count ?? 0) });
  return {
    counted: sum.counted + more.counted,
    rejected: sum.rejected + more.rejected,
    cut: sum.cut + more.cut,
    in_doubt: sum.in_doubt + more.in_doubt,
    reasons: [...counts.values()].toSorted((a, b) => b.count - a.count),
  };
}
