// @ts-check

/**
 * A message about the stream: it opened or closed, or an event came.
 * @typedef {{kind: 'stream', isOpen: boolean} | {kind: 'event', name: string, data: unknown}} FeedMessage
 */

/** The events of `/api/v1/events` that the page uses. */
const NAMES = ['incident', 'attention', 'data', 'status', 'trouble', 'here'];
/**
 * The server sends an event about every 15 seconds, even when nothing changes. After this time without an event the
 * connection is dead, even if the browser has not noticed.
 */
const SILENT_MS = 40_000;
/** Time before a refused stream is opened again. */
const AGAIN_MS = 10_000;

/**
 * Follows the stream of events from `start` to `stop`. It opens the stream again when the stream breaks, is refused or
 * falls silent.
 * @param {(message: FeedMessage) => void} tell
 * @param {(url: string) => EventSource} [open]
 */
export function createFeed(tell, open = (url) => new EventSource(url)) {
  /** @type {EventSource | null} */
  let source = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const say = (/** @type {boolean} */ isOpen) => tell({ kind: 'stream', isOpen });
  const connectAfter = (/** @type {number} */ ms) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      say(false);
      connect();
    }, ms);
  };
  function connect() {
    source?.close();
    const mine = open('/api/v1/events');
    source = mine;
    connectAfter(SILENT_MS);
    mine.onopen = () => {
      connectAfter(SILENT_MS);
      say(true);
    };
    mine.onerror = () => {
      say(false);
      // The browser reconnects after a broken connection, but not after an HTTP error (readyState 2).
      if (mine.readyState === 2) connectAfter(AGAIN_MS);
    };
    for (const name of NAMES) {
      mine.addEventListener(name, (event) => {
        connectAfter(SILENT_MS);
        tell({ kind: 'event', name, data: JSON.parse(event.data) });
      });
    }
  }

  return {
    start() {
      if (source === null) connect();
    },
    stop() {
      clearTimeout(timer);
      source?.close();
      source = null;
    },
  };
}
