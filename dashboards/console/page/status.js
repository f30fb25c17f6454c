// @ts-check

/** @typedef {import('../v1/status.ts').StatusAnswer} StatusAnswer */

/**
 * What is read and how far the counts reach; times are epoch milliseconds.
 * @typedef {object} Status
 * @property {(Omit<NonNullable<StatusAnswer['live']>, 'watermark'> & {watermark: number | null}) | null} live
 * @property {number} present event time that counts as now
 * @property {number} clock of the server
 * @property {number | null} oldest start of the first minute with a count; null when nothing has been counted yet
 * @property {number | null} newest start of the last minute with a count; null when nothing has been counted yet
 * @property {string | null} dataDirectory of the embedded engine, which only one process can open; null: a server
 */

/** @param {StatusAnswer} answer @returns {Status} */
export function readStatus({ live, present, clock, oldest, newest, data_directory: dataDirectory }) {
  const ms = (/** @type {string | null} */ time) => (time === null ? null : Date.parse(time));
  return {
    dataDirectory,
    live: live === null ? null : { ...live, watermark: ms(live.watermark) },
    present: Date.parse(present),
    clock: Date.parse(clock),
    oldest: ms(oldest),
    newest: ms(newest),
  };
}
