// @ts-check
import { createFeed } from './event-feed.js';

/** @typedef {import('./event-feed.js').FeedMessage} FeedMessage */

/**
 * The name of the worker. Raise its number when the messages change: an old worker runs as long as any old tab is open.
 */
const WORKER = 'faultline events 1';

/**
 * Passes the server's events to `tell` while this tab watches. All tabs share one connection if the browser has shared
 * workers.
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
 * @param {() => void} failed called when the worker cannot be started
 * @returns {((isWatching: boolean) => void) | null} null when the browser has no shared workers
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
