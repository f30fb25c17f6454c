// @ts-check
import uPlot from './uplot.js';
import { cssColor, lonePoints, timeLabels } from './chart-parts.js';
import { isUtc, short } from './format.js';

/** @typedef {Omit<import('../../panel.ts').Panel, 'sql'>} Panel */

/**
 * uPlot's options for the look and the scales of a panel. The chart itself adds size, range and hooks.
 * @param {Panel} panel
 * @param {{label: string, color: string}[]} series in the order in which they are drawn
 * @param {() => {from: number, to: number}} range epoch seconds
 * @param {boolean} isLog
 * @returns {Omit<uPlot.Options, 'width' | 'height' | 'hooks'>}
 */
export function chartOptions(panel, series, range, isLog = false) {
  const axis = {
    stroke: cssColor('--muted'),
    font: `11px ${cssColor('--font')}`,
    ticks: { show: false },
    gap: 6,
  };
  return {
    padding: [10, 20, 0, 0],
    legend: { show: false },
    ...(isUtc() ? { tzDate: (time) => uPlot.tzDate(new Date(time * 1_000), 'Etc/UTC') } : {}),
    cursor: {
      sync: { key: 'faultline' },
      drag: { x: true, y: false, setScale: false },
      points: { show: panel.kind !== 'bars' || isLog, size: 6 },
      y: false,
    },
    scales: {
      x: { time: true, range: () => [range().from, range().to] },
      y: isLog
        ? { distr: 3, range: (_, min, max) => wholeDecades(min, max) }
        : { range: (_, _min, max) => [0, niceTop(max, panel)] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 26,
        space: 64,
        values: (_, splits, _axis, _space, step) => timeLabels(splits, step),
      },
      {
        ...axis,
        grid: { stroke: cssColor('--grid'), width: 1 },
        space: 34,
        size: (_, values) =>
          Math.max(30, 14 + 6.2 * Math.max(0, ...(values ?? []).map((text) => text.length))),
        values: (_, splits) =>
          splits.map((split) => (isLog && !isDecade(split) ? '' : short(split, panel.unit))),
      },
    ],
    series: [
      {},
      ...series.map(({ label, color }) => seriesOptions(panel, { label, color }, series.length, isLog)),
    ],
  };
}

/** Height of the plot in pixels. @param {Panel} panel */
export function plotHeight(panel) {
  return Math.max(150, panel.height * 24);
}

/**
 * @param {Panel} panel
 * @param {{label: string, color: string}} series
 * @param {number} count number of series in the chart
 * @param {boolean} isLog
 * @returns {uPlot.Series}
 */
function seriesOptions(panel, { label, color }, count, isLog) {
  if (panel.kind === 'bars' && isLog) {
    // On a logarithmic scale, bars become lines with steps. Bars side by side would be too thin, and stacked bars would
    // be wrong, because logarithms do not add up.
    const paths = uPlot.paths.stepped?.({ align: 1 });
    return { label, stroke: color, width: 1.75, points: { show: false }, ...(paths ? { paths } : {}) };
  }
  if (panel.kind === 'bars') {
    const paths = uPlot.paths.bars?.({ size: [0.86, 40], align: 1, gap: 0 });
    return {
      label,
      fill: color,
      stroke: color,
      width: 0,
      points: { show: false },
      ...(paths ? { paths } : {}),
    };
  }
  return {
    label,
    stroke: color,
    width: 1.75,
    ...(isLog ? {} : panel.stacked === true ? { fill: color } : count <= 3 ? { fill: `${color}1c` } : {}),
    points: {
      show: true,
      size: 4,
      fill: color,
      filter: (u, index, show) => (show ? lonePoints(u.data[index] ?? []) : null),
    },
  };
}

/**
 * The ends of a logarithmic axis: powers of ten around the values.
 * @param {number | null} min
 * @param {number | null} max
 * @returns {[number, number]}
 */
function wholeDecades(min, max) {
  if (min === null || max === null || max <= 0) return [1, 10];
  const low = 10 ** Math.floor(Math.log10(Math.max(min, max / 1e6)));
  return [low, Math.max(low * 10, 10 ** Math.ceil(Math.log10(max)))];
}

/** @param {number} value */
function isDecade(value) {
  const power = Math.log10(value);
  return Math.abs(power - Math.round(power)) < 1e-9;
}

/**
 * @param {number | null} max
 * @param {Panel} panel
 */
function niceTop(max, panel) {
  if (max !== null && max > 0) return max * 1.08;
  return panel.unit === 'ratio' ? 0.01 : 1;
}
