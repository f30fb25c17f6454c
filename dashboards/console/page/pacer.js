// @ts-check

/**
 * What happened since the last round began. After `news` the next round starts at once, after a `change` it waits.
 * @typedef {'nothing' | 'change' | 'news'} Happened
 */

/** Time between two rounds when no event came. A range that ends now still moves, and late counts cause no event. */
const QUIET_MS = 30_000;
/** Time between two rounds when there is no stream of events. */
const BLIND_MS = 10_000;

/**
 * Time to wait between two rounds, in ms.
 * @param {{rest: number, isLive: boolean, happened: Happened}} state `rest`: the shortest time that the page allows
 */
export function waitBetween({ rest, isLive, happened }) {
  if (happened === 'news') return 0;
  if (happened === 'change') return rest;
  return Math.max(rest, isLive ? QUIET_MS : BLIND_MS);
}

/**
 * Decides when the next round starts.
 * @param {{mayRun: () => boolean, now?: () => number}} given `mayRun`: false while the page is paused or hidden
 */
export function createPacer({ mayRun, now = () => Date.now() }) {
  /** @type {Happened} */
  let happened = 'nothing';
  let isLive = false;
  let look = () => {};
  return {
    /** Notes that a round begins: its answers include everything that has happened so far. */
    begin() {
      happened = 'nothing';
    },
    /** @param {Exclude<Happened, 'nothing'>} what */
    note(what) {
      if (happened !== 'news') happened = what;
      look();
    },
    /** @param {boolean} next whether the stream of events is open */
    live(next) {
      isLive = next;
      look();
    },
    /** Checks again whether a round may start, for example when the page becomes visible. */
    look: () => look(),
    /**
     * Resolves when the next round is due, or at once when the signal aborts.
     * @param {number} rest ms
     * @param {AbortSignal} signal
     * @returns {Promise<void>}
     */
    next(rest, signal) {
      const since = now();
      const aborted = () => look();
      return new Promise((resolve) => {
        /** @type {ReturnType<typeof setTimeout> | undefined} */
        let timer;
        look = () => {
          clearTimeout(timer);
          const left = since + waitBetween({ rest, isLive, happened }) - now();
          if (signal.aborted || (left <= 0 && mayRun())) {
            look = () => {};
            signal.removeEventListener('abort', aborted);
            resolve();
          } else if (left > 0) timer = setTimeout(() => look(), left);
        };
        signal.addEventListener('abort', aborted);
        look();
      });
    },
  };
}
