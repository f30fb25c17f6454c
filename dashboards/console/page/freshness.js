// @ts-check
import { byId } from './dom.js';
import { age } from './format.js';

/** @typedef {import('./status.js').Status} Status */

/** A stream that comes back within this was not away. */
const BLINK_MS = 6_000;
/** A round is due every half a minute at least: after this none came back. */
const OLD_MS = 75_000;
/** Without a count for so long, either nobody calls or nothing is counted. */
const GAP_MS = 300_000;

/**
 * Whether what is shown is of now, in a few words. Pure.
 * @param {object} state
 * @param {number} state.now epoch ms
 * @param {boolean} state.isPaused
 * @param {boolean} state.isLive whether a stream tells what happens
 * @param {number} state.since when it last came or went, epoch ms
 * @param {number | null} state.asked when the last round was answered, epoch ms; null: none was
 * @param {Status | null} state.status
 * @param {number} state.present event time that counts as now, epoch ms
 * @returns {{tone: 'live' | 'calm' | 'stale', text: string, title: string}}
 */
export function freshnessOf({ now, isPaused, isLive, since, asked, status, present }) {
  if (isPaused) return { tone: 'calm', text: 'Paused', title: 'Nothing is asked for until you go on.' };
  if (asked !== null && now - asked > OLD_MS) {
    const text = `Numbers are ${age(now - asked)} old`;
    return { tone: 'stale', text, title: 'The server has not answered since.' };
  }
  const gap = status === null || status.newest === null ? 0 : present - status.newest;
  if (gap > GAP_MS && status?.live?.state !== 'finished') {
    const text = `Nothing counted for ${age(gap)}`;
    return { tone: 'stale', text, title: 'Nobody calls, or nothing is read: the page Pipeline tells.' };
  }
  if (isLive) return { tone: 'live', text: 'Live', title: 'What happens is shown as it happens.' };
  if (asked === null || now - since < BLINK_MS) return { tone: 'calm', text: '', title: '' };
  const title = 'The stream of events is interrupted. It is opened again by itself.';
  return { tone: 'stale', text: 'Not live: asked every 10 s', title };
}

/** @param {ReturnType<typeof freshnessOf>} fresh */
export function drawFreshness({ tone, text, title }) {
  const host = byId('fresh');
  if (host.textContent !== text) host.textContent = text;
  host.className = `fresh is-${tone}`;
  host.title = title;
}
