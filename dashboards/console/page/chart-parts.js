// @ts-check
import { clockTime, dayAndTime, isUtc } from './format.js';

/** @typedef {import('../panel-answer.ts').Series} Series */
/** @typedef {{from: number, to: number, severity: string, title: string}} Mark a span in which an incident was open, epoch seconds */
/** @typedef {import('../../panel.ts').ThresholdColor} ThresholdColor */

/** Colours for series without a colour of their own; readable on both themes. */
const palette = ['#4e9de6', '#e58a3c', '#3fb28f', '#c76bd1', '#d9b62f', '#e0647a', '#7f8ce8', '#8aa352'];

/**
 * A colour for each series: its own colour, or one that is chosen by the alphabetical place of its name, so that it
 * does not depend on the values.
 * @param {readonly Series[]} series
 */
export function seriesColors(series) {
  const names = series.map(({ name }) => name).sort();
  return series.map(({ name, color }) => color ?? palette[names.indexOf(name) % palette.length] ?? '#888888');
}

/**
 * Arrays for uPlot: the times, then one array per series. A stacked series becomes the sum of itself and all series
 * below it. The highest sum is drawn first, so that the lower ones cover the rest of it. Hidden series are left out of
 * the sums.
 * @param {number[]} times
 * @param {Series[]} series
 * @param {boolean} stacked
 * @param {ReadonlySet<string>} hidden
 * @returns {[number[], ...(number | null)[][]]}
 */
export function chartData(times, series, stacked, hidden) {
  if (!stacked) {
    return [times, ...series.map(({ name, values }) => (hidden.has(name) ? values.map(() => null) : values))];
  }
  const sums = times.map(() => 0);
  const layers = series.map(({ name, values }) => {
    if (hidden.has(name)) return values.map(() => null);
    return values.map((value, index) => {
      sums[index] = (sums[index] ?? 0) + (value ?? 0);
      return value === null || value === 0 ? null : (sums[index] ?? 0);
    });
  });
  return [times, ...layers.reverse()];
}

/**
 * A colour of the style sheet in the present theme.
 * @param {string} name such as `--line`
 */
export function cssColor(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/**
 * Labels of the time axis: the time, and the day when a new day starts.
 * @param {number[]} splits epoch seconds
 * @param {number} increment seconds between two labels
 */
export function timeLabels(splits, increment) {
  return splits.map((split) => {
    const date = new Date(split * 1_000);
    const midnight = isUtc()
      ? date.getUTCHours() === 0 && date.getUTCMinutes() === 0
      : date.getHours() === 0 && date.getMinutes() === 0;
    if (increment >= 86_400 || midnight) return dayAndTime(split * 1_000).replace(/,.*$/, '');
    return clockTime(split * 1_000);
  });
}

/**
 * Shades the spans in which incidents were open, behind the series.
 * @param {import('uplot')} chart
 * @param {Mark[]} marks
 */
export function drawMarks(chart, marks) {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const mark of marks) {
    const left = chart.valToPos(mark.from, 'x', true);
    const right = Math.max(chart.valToPos(mark.to, 'x', true), left + 2 * devicePixelRatio);
    const color = cssColor(`--${mark.severity}`);
    ctx.fillStyle = color;
    ctx.globalAlpha = 0.07;
    ctx.fillRect(left, bbox.top, right - left, bbox.height);
    ctx.globalAlpha = 0.9;
    ctx.fillRect(left, bbox.top, right - left, 2.5 * devicePixelRatio);
  }
  ctx.restore();
}

/**
 * Draws a line at each threshold.
 * @param {import('uplot')} chart
 * @param {readonly {value: number, color: ThresholdColor}[]} thresholds
 */
export function drawThresholds(chart, thresholds) {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.globalAlpha = 0.75;
  for (const { value, color } of thresholds) {
    const y = chart.valToPos(value, 'y', true);
    if (y < bbox.top || y > bbox.top + bbox.height) continue;
    ctx.strokeStyle = cssColor(`--${color}`);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
  }
  ctx.restore();
}

/**
 * The indexes of values without a neighbour. No line leads to them, so each needs a point to be visible.
 * @param {ArrayLike<number | null | undefined>} values
 */
export function lonePoints(values) {
  const lone = [];
  for (let i = 0; i < values.length; i++) {
    const has = (/** @type {number} */ at) => values[at] !== null && values[at] !== undefined;
    if (has(i) && !has(i - 1) && !has(i + 1)) lone.push(i);
  }
  return lone;
}
