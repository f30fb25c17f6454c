// @ts-check

/** What happened since the last round began: nothing, something, or something that somebody waits for. @typedef {'nothing' | 'change' | 'news'} Happened */

/** A round without any reason: what slides with time, and what no event tells. */
const QUIET_MS = 30_000;
/** The same where no stream says that something happened. */
const BLIND_MS = 10_000;

/**
 * How long to wait between two rounds, in ms.
 * @param {{rest: number, isLive: boolean, happened: Happened}} state `rest`: the least that the page's questions should wait
 */
export function waitBetween({ rest, isLive, happened }) {
  if (happened === 'news') return 0;
  if (happened === 'change') return rest;
  return Math.max(rest, isLive ? QUIET_MS : BLIND_MS);
}

/**
 * Says when the next round of questions is due.
 * @param {{mayRun: () => boolean, now?: () => number}} given `mayRun`: not while paused or out of sight
 */
export function createPacer({ mayRun, now = () => Date.now() }) {
  /** @type {Happened} */
  let happened = 'nothing';
  let isLive = false;
  let look = () => {};
  return {
    /** A round begins: what happened until now is in it. */
    begin() {
      happened = 'nothing';
    },
    /** @param {Exclude<Happened, 'nothing'>} what */
    note(what) {
      if (happened !== 'news') happened = what;
      look();
    },
    /** @param {boolean} next whether a stream tells what happens */
    live(next) {
      isLive = next;
      look();
    },
    /** Looks again whether a round may run, as when the page comes back into sight. */
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
