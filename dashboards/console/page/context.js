// @ts-check

/** @typedef {import('./view-state.js').View} View */
/** @typedef {import('./status.js').Status} Status */
/** @typedef {import('../v1/catalogue.ts').ClassItem} ClassItem */
/** @typedef {import('../v1/dashboards.ts').DashboardAnswer} DashboardAnswer */

/**
 * What every page is given.
 * @typedef {object} PageContext
 * @property {View} view the present view; a page reads it and changes it only by `change` and `go`
 * @property {(change: Partial<View>) => void} change another view of the same page
 * @property {(change: Partial<View> & {page: View['page']}) => void} go to another page; keeps range and filters
 * @property {() => number} present epoch ms of event time that counts as now
 * @property {() => void} again asks at once, as when something has been changed
 * @property {ReadonlyMap<string, ClassItem>} classes
 * @property {(name?: string) => void} showClass goes to the page that says what a class means
 * @property {readonly DashboardAnswer[]} dashboards
 * @property {typeof import('./charts.js').createChart | null} createChart null where charts cannot be drawn
 */

/**
 * One round of questions.
 * @typedef {object} Round
 * @property {AbortSignal} signal
 * @property {Status} status
 */

/**
 * A page of the console.
 * @typedef {object} Page
 * @property {Element} element
 * @property {(round: Round) => Promise<void>} refresh asks and draws; a failure that is not of one part is thrown
 * @property {number} [rest] ms between two rounds, where the questions cost the store more than those of the overview
 * @property {() => void} [draw] the same once more: times are written in another zone
 * @property {(present: number) => void} [tick] every second: what changes with time alone
 * @property {() => void} [viewChanged] the view is another one of the same page
 * @property {() => void} [destroy]
 */

export {};
