// @ts-check
import { byId, h } from './dom.js';
import { clockSeconds, dayAndTime, duration, number } from './format.js';
import { redraw } from './redraw.js';

/** @typedef {import('./status.js').Status} Status */

const stateNames = { starting: 'Starting', running: 'Reading', finished: 'Finished', degraded: 'Degraded' };

/**
 * Shows what the process is doing now: source, records, rate, event time, progress.
 * @param {Status} status
 */
export function drawLive({ live, clock, present }) {
  const host = byId('live');
  const progress = byId('progress');
  if (live === null) {
    redraw(host);
    progress.hidden = true;
    return;
  }
  const isPast = Math.abs(clock - present) > 120_000;
  const lag = live.watermark === null || live.state === 'finished' || isPast ? null : clock - live.watermark;
  redraw(
    host,
    h('span', { class: `dot ${live.state}`, 'aria-hidden': 'true' }),
    h(
      'span',
      { class: 'live-part' },
      h('b', {}, live.source),
      h('span', { class: 'live-state' }, stateNames[live.state]),
    ),
    part('records', number(live.records, 'count')),
    live.state === 'running' ? part('per second', number(Math.round(live.records_per_second), 'count')) : '',
    live.watermark === null
      ? ''
      : part(
          'event time',
          Math.abs(clock - live.watermark) < 43_200_000
            ? clockSeconds(live.watermark)
            : dayAndTime(live.watermark),
        ),
    lag !== null && lag > 60_000 ? part('behind', duration(lag)) : '',
    live.detail === '' ? '' : h('span', { class: 'live-detail' }, live.detail),
  );
  progress.hidden = live.progress === null || live.state === 'finished';
  const percent = Math.round((live.progress ?? 0) * 100);
  progress.setAttribute('aria-valuenow', String(percent));
  /** @type {HTMLElement | null} */ (progress.firstElementChild)?.style.setProperty('--part', `${percent}%`);
}

/**
 * @param {string} name
 * @param {string} value
 */
function part(name, value) {
  return h('span', { class: 'live-part' }, h('b', {}, value), h('span', {}, name));
}
