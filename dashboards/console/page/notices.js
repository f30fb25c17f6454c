// @ts-check
import { byId, h } from './dom.js';
import { dayAndTime } from './format.js';
import { redraw } from './redraw.js';
import { rangeSeconds } from './view-state.js';

/** @typedef {import('./status.js').Status} Status */
/** @typedef {NonNullable<Status['live']>} LiveStatus */
/** @typedef {import('./view-state.js').View} View */

/**
 * Says what to do when there is nothing to show. Returns true when nothing has been counted at all.
 * @param {Status} answer
 * @param {View} view
 * @param {number} now epoch ms of event time
 * @param {(range: import('./view-state.js').DrawnRange) => void} chooseRange
 */
export function drawNotice({ live, oldest, newest }, view, now, chooseRange) {
  const notice = byId('notice');
  const rows = byId('rows');
  rows.hidden = newest === null;
  notice.hidden = true;
  if (newest === null || oldest === null) {
    notice.hidden = false;
    const isReading = live !== null && (live.state === 'starting' || live.state === 'running');
    redraw(notice, isReading ? waiting(live) : beginnings());
    return true;
  }
  const from = typeof view.range === 'string' ? now - rangeSeconds(view) * 1_000 : view.range.from;
  const to = typeof view.range === 'string' ? now : view.range.to;
  if (newest < from || oldest > to) {
    const end = newest + 60_000;
    notice.hidden = false;
    redraw(
      notice,
      h(
        'p',
        { class: 'hint' },
        `Nothing was counted in this range. Records reach from ${dayAndTime(oldest)} to ${dayAndTime(newest)}. `,
        h(
          'button',
          {
            type: 'button',
            class: 'cell-link',
            onclick: () => chooseRange({ from: end - 86_400_000, to: end }),
          },
          'Show the last day of them',
        ),
      ),
    );
  }
  return false;
}

/** @param {LiveStatus} live */
function waiting({ source, records }) {
  const seen = records === 0 ? 'No record has come yet.' : 'The first records are being stored.';
  return h(
    'section',
    { class: 'empty' },
    h('h2', {}, `Waiting for ${source}`),
    h('p', {}, `${seen} This page fills by itself.`),
  );
}

function beginnings() {
  const ways = [
    ['npm start', 'a day of simulated traffic with two incidents in it'],
    ['npm start -- --source my-logs.ndjson', 'your own log file with one JSON object per line'],
    ['npm start -- --source kafka', 'the topics that kafka.topics names'],
  ];
  return h(
    'section',
    { class: 'empty' },
    h('h2', {}, 'No request has been counted yet'),
    h('p', {}, 'This page fills by itself as soon as records arrive. Ways to start:'),
    h(
      'dl',
      {},
      ...ways.map(([command, what]) => h('div', {}, h('dt', {}, h('code', {}, command)), h('dd', {}, what))),
    ),
  );
}
