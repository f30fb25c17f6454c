// @ts-check
import { byId } from './dom.js';
import { age } from './format.js';

/** @typedef {import('./status.js').Status} Status */

/** A stream that comes back within this time does not count as interrupted. */
const BLINK_MS = 6_000;
/** Rounds start at least every 30 seconds. After this time without an answer, the numbers are old. */
const OLD_MS = 75_000;
/** When the newest count is older than this, the page says that nothing is counted. */
const GAP_MS = 300_000;

/**
 * Says in a few words whether the page is up to date. Pure.
 * @param {object} state
 * @param {number} state.now epoch ms
 * @param {boolean} state.isPaused
 * @param {boolean} state.isLive whether the stream of events is open
 * @param {number} state.since when the stream last opened or closed, epoch ms
 * @param {number | null} state.asked when the last round was answered, epoch ms; null: not yet
 * @param {Status | null} state.status
 * @param {number} state.present event time that counts as now, epoch ms
 * @returns {{tone: 'live' | 'calm' | 'stale', text: string, title: string}}
 */
export function freshnessOf({ now, isPaused, isLive, since, asked, status, present }) {
  if (isPaused)
    return {
      tone: 'calm',
      text: 'Paused',
      title: 'The page asks for nothing until you press the button again.',
    };
  if (asked !== null && now - asked > OLD_MS) {
    const text = `Numbers are ${age(now - asked)} old`;
    return { tone: 'stale', text, title: 'The server has not answered since then.' };
  }
  const gap = status === null || status.newest === null ? 0 : present - status.newest;
  if (gap > GAP_MS && status?.live?.state !== 'finished') {
    const text = `Nothing counted for ${age(gap)}`;
    return {
      tone: 'stale',
      text,
      title: 'No requests are made, or nothing is read. The page Pipeline shows more.',
    };
  }
  if (isLive) return { tone: 'live', text: 'Live', title: 'Changes are shown as they happen.' };
  if (asked === null || now - since < BLINK_MS) return { tone: 'calm', text: '', title: '' };
  const title = 'The stream of events is interrupted. The page opens it again by itself.';
  return { tone: 'stale', text: 'Not live: asked every 10 s', title };
}

/** @param {ReturnType<typeof freshnessOf>} fresh */
export function drawFreshness({ tone, text, title }) {
  const host = byId('fresh');
  if (host.textContent !== text) host.textContent = text;
  host.className = `fresh is-${tone}`;
  host.title = title;
}
