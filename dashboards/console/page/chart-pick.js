// @ts-check
import { conditionOf } from './share.js';

/** @typedef {Omit<import('../../panel.ts').Panel, 'sql'>} Panel */
/** @typedef {import('../../panel.ts').SeriesOf} SeriesOf */

/**
 * What a click on a series does.
 * @typedef {object} Picker
 * @property {string} place the page to which the click leads, as the end of a title; empty: the page stays
 * @property {() => boolean} canLeaveOut
 * @property {(name: string, isLeftOut: boolean) => void} pick keeps only the requests of the series, or leaves them out
 */

/** A click that is at most this many pixels away from a line picks the line. */
const NEAR = 14;

/**
 * The part of a stack that covers a height; null above and below the stack. The parts are in order, the lowest first.
 * @template {{value: number | null}} Part
 * @param {readonly Part[]} parts
 * @param {number} height in the unit of the values
 */
export function partAt(parts, height) {
  if (height < 0) return null;
  let sum = 0;
  for (const part of parts) {
    sum += part.value ?? 0;
    if (height <= sum && (part.value ?? 0) > 0) return part;
  }
  return null;
}

/**
 * The line that is nearest to a place; null when none is near.
 * @template {{value: number | null}} Part
 * @param {readonly Part[]} parts
 * @param {number} top pixels from the top
 * @param {(value: number) => number} toTop where a value is drawn
 */
export function lineAt(parts, top, toTop) {
  const far = (/** @type {Part} */ { value }) =>
    value === null ? Number.POSITIVE_INFINITY : Math.abs(toTop(value) - top);
  const nearest = parts.toSorted((a, b) => far(a) - far(b))[0];
  return nearest !== undefined && far(nearest) <= NEAR ? nearest : null;
}

/**
 * The options of Explore for one series of a panel, or for all others; null when the series are not parts of the
 * traffic. One class is grouped by client, which shows who gets it; any other series is grouped by class. All others
 * are grouped by the dimension of the panel.
 * @param {Pick<Panel, 'seriesOf'>} panel
 * @param {string} name
 * @param {boolean} isLeftOut
 * @returns {{by: string, where: string} | null}
 */
export function exploreOf({ seriesOf }, name, isLeftOut) {
  if (seriesOf === undefined) return null;
  const { dimension, none, values, where = [] } = seriesOf;
  const own = values?.[name] ?? [name === none ? '' : name];
  const next = dimension === 'class' && own.length === 1 ? 'client' : 'class';
  return {
    by: isLeftOut ? dimension : next,
    where: [...where, conditionOf(dimension, own, isLeftOut)].join('\n'),
  };
}

/**
 * Leads from the series of a dashboard to Explore.
 * @param {import('./context.js').PageContext} context
 * @returns {(panel: Panel) => Picker | null}
 */
export function toExplore(context) {
  return (panel) =>
    panel.seriesOf === undefined
      ? null
      : {
          place: ', in Explore',
          canLeaveOut: () => true,
          pick(name, isLeftOut) {
            const options = exploreOf(panel, name, isLeftOut);
            if (options !== null) context.go({ page: 'explore', options });
          },
        };
}
