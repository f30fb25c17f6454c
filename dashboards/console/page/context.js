// @ts-check

/** @typedef {import('./view-state.js').View} View */
/** @typedef {import('./status.js').Status} Status */
/** @typedef {import('../v1/catalogue.ts').ClassItem} ClassItem */
/** @typedef {import('../v1/dashboards.ts').DashboardAnswer} DashboardAnswer */

/**
 * What every page gets.
 * @typedef {object} PageContext
 * @property {View} view the present view; a page reads it and changes it only by `change` and `go`
 * @property {(change: Partial<View>) => void} change shows another view of the same page
 * @property {(options: View['options']) => void} remember writes the options into the address, without asking the API
 * again
 * @property {(change: Partial<View> & {page: View['page']}) => void} go shows another page; keeps range and filters
 * @property {() => number} present the present, epoch ms of event time
 * @property {() => void} again starts a round at once, for example after a change
 * @property {ReadonlyMap<string, ClassItem>} classes
 * @property {(name?: string) => void} showClass goes to the page that says what a class means
 * @property {readonly DashboardAnswer[]} dashboards
 * @property {typeof import('./charts.js').createChart | null} createChart null when charts cannot be drawn
 */

/**
 * What a page gets for one round of requests to the API.
 * @typedef {object} Round
 * @property {AbortSignal} signal
 * @property {Status} status
 */

/**
 * A page of the console.
 * @typedef {object} Page
 * @property {Element} element
 * @property {(round: Round) => Promise<void>} refresh asks the API and draws; throws an error that concerns more than
 * one part of the page
 * @property {number} [rest] ms between two rounds, for pages whose questions cost the store more than those of the overview
 * @property {() => void} [draw] draws the same answers again, because the time zone has changed
 * @property {(present: number) => void} [tick] called every second; draws what changes with time alone
 * @property {() => void} [viewChanged] called when another view of the same page is shown
 * @property {() => void} [destroy]
 */

export {};
