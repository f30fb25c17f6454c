// @ts-check
import { createFeed } from './event-feed.js';

/** @typedef {import('./event-feed.js').FeedMessage} FeedMessage */

/** Raised when worker and page say other things to each other: an older worker lives as long as any older tab. */
const WORKER = 'faultline events 1';

/**
 * What the server tells as it happens, while this tab watches. All tabs share one connection, where the browser can.
 * @param {(message: FeedMessage) => void} tell
 * @returns {{watch: (isWatching: boolean) => void}}
 */
export function followEvents(tell) {
  let isWatching = false;
  let heed = own(tell);
  const shared = sharing(tell, () => {
    heed = own(tell);
    heed(isWatching);
  });
  if (shared !== null) heed = shared;
  return {
    watch(next) {
      if (next === isWatching) return;
      isWatching = next;
      if (!next) tell({ kind: 'stream', isOpen: false });
      heed(next);
    },
  };
}

/** @param {(message: FeedMessage) => void} tell @returns {(isWatching: boolean) => void} */
function own(tell) {
  const feed = createFeed(tell);
  return (isWatching) => (isWatching ? feed.start() : feed.stop());
}

/**
 * @param {(message: FeedMessage) => void} tell
 * @param {() => void} failed the worker does not run here after all
 * @returns {((isWatching: boolean) => void) | null} null where tabs cannot share
 */
function sharing(tell, failed) {
  if (!('SharedWorker' in globalThis)) return null;
  try {
    const worker = new SharedWorker('/events-worker.js', { type: 'module', name: WORKER });
    worker.onerror = failed;
    worker.port.onmessage = ({ data }) => tell(data);
    return (isWatching) => worker.port.postMessage(isWatching ? 'watch' : 'rest');
  } catch {
    return null;
  }
}
