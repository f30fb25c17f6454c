// @ts-check

/**
 * What comes of the stream: whether it is open, and what it tells.
 * @typedef {{kind: 'stream', isOpen: boolean} | {kind: 'event', name: string, data: unknown}} FeedMessage
 */

/** Events of `/api/v1/events` that are listened to. */
const NAMES = ['incident', 'attention', 'data', 'status', 'trouble', 'here'];
/** The server says something every 15 seconds: after so long without a word the connection is dead, whatever the browser thinks. */
const SILENT_MS = 40_000;
/** A stream that was refused is asked for again after so long. */
const AGAIN_MS = 10_000;

/**
 * Follows the stream of this server from `start` to `stop`. One that breaks, is refused or falls silent is opened again.
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
      // The browser tries a broken connection again by itself, but gives one up that was answered with an error.
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
