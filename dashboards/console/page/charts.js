// @ts-check
import './locale.js';
import uPlot from './uplot.js';
import { legendEntries, spokenSummary } from './chart-legend.js';
import { chartOptions, plotHeight } from './chart-options.js';
import { chartData, drawMarks, drawThresholds, seriesColors } from './chart-parts.js';
import { placeTip, tipContent } from './chart-tip.js';
import { h } from './dom.js';
import { isUtc } from './format.js';
import { redraw } from './redraw.js';
import { theme } from './theme.js';

/** @typedef {import('../panel-answer.ts').Series} Series */
/** @typedef {import('./chart-parts.js').Mark} Mark */
/** @typedef {Omit<import('../../panel.ts').Panel, 'sql'>} Panel */
/** @typedef {{from: number, to: number, step: number, times: number[], series: Series[]}} SeriesAnswer */
/** @typedef {(fromMs: number, toMs: number) => void} Zoom */

/** A longer legend shows only its largest entries until it is opened. */
const MOST_ENTRIES = 10;

/**
 * A chart of a panel, with a legend whose entries show and hide series. `update` redraws it with new numbers.
 * @param {Panel} panel
 * @param {Zoom} zoom called when a span has been drawn with the pointer
 */
export function createChart(panel, zoom) {
  const stacked = panel.stacked === true;
  const plot = h('div', { class: 'plot', role: 'img' });
  const legend = h('div', { class: 'legend', role: 'group', 'aria-label': 'Series' });
  const tip = h('div', { class: 'tip', hidden: true });
  const element = h('div', { class: 'chart', 'data-key': 'chart', 'data-own': true }, plot, legend);
  /** @type {Set<string>} */
  const hidden = new Set();
  /** @type {SeriesAnswer} */
  let answer = { from: 0, to: 1, step: 1, times: [], series: [] };
  /** @type {{series: Series, color: string}[]} */
  let shown = [];
  /** @type {Mark[]} */
  let marks = [];
  /** @type {uPlot | null} */
  let chart = null;
  let drawnAs = '';
  let isLog = false;
  let isWhole = false;

  const watcher = new ResizeObserver(() => {
    if (plot.clientWidth > 0) chart?.setSize({ width: plot.clientWidth, height: plotHeight(panel) });
  });
  watcher.observe(plot);

  const draw = () => {
    const { from, to, times, series } = answer;
    const colors = seriesColors(series);
    shown = series.map((one, at) => ({ series: one, color: colors[at] ?? '#888888' }));
    const data = positiveOnly(chartData(times, series, stacked, hidden), isLog);
    const shape = JSON.stringify([shown.map((one) => [one.series.name, one.color]), theme(), isUtc(), isLog]);
    if (chart !== null && shape === drawnAs) {
      chart.setData(data, false);
      chart.setScale('x', { min: from, max: to });
    } else {
      chart?.destroy();
      drawnAs = shape;
      chart = build(data);
    }
    plot.setAttribute('aria-label', spokenSummary(panel, answer));
    drawLegend();
  };

  /** @param {uPlot.AlignedData} data */
  const build = (data) => {
    const drawn = shown.map(({ series: { label }, color }) => ({ label, color }));
    const options = chartOptions(panel, stacked ? drawn.reverse() : drawn, () => answer, isLog);
    const size = { width: Math.max(plot.clientWidth, 120), height: plotHeight(panel) };
    const made = new uPlot({ ...options, ...size, hooks }, data, plot);
    made.over.append(tip);
    return made;
  };

  /** @type {uPlot.Hooks.Arrays} */
  const hooks = {
    drawClear: [(u) => drawMarks(u, marks)],
    draw: [(u) => panel.kind === 'timeseries' && drawThresholds(u, panel.thresholds ?? [])],
    setCursor: [(u) => showTip(u)],
    setSelect: [
      (u) => {
        const { left, width } = u.select;
        if (width < 8) return;
        zoom(u.posToVal(left, 'x') * 1_000, u.posToVal(left + width, 'x') * 1_000);
        u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      },
    ],
  };

  /** @param {uPlot} u */
  const showTip = (u) => {
    const at = u.cursor.idx ?? null;
    const left = u.cursor.left ?? -1;
    // The crosshair moves on all charts together, but only the chart under the pointer shows its values.
    tip.hidden = at === null || left < 0 || !u.over.matches(':hover');
    if (at === null || tip.hidden) return;
    const values = shown
      .filter(({ series }) => !hidden.has(series.name))
      .map(({ series, color }) => ({ series, color, value: series.values[at] ?? null }));
    tip.replaceChildren(
      ...tipContent({ panel, time: answer.times[at] ?? 0, step: answer.step, values, marks }),
    );
    placeTip(tip, left, u.over.clientWidth);
  };

  const drawLegend = () => {
    const entries = legendEntries(panel, shown, answer.step, hidden, (name) => {
      if (!hidden.delete(name)) hidden.add(name);
      draw();
    });
    const rest = entries.length > MOST_ENTRIES && !isWhole ? entries.slice(MOST_ENTRIES - 1) : [];
    redraw(
      legend,
      entries.slice(0, entries.length - rest.length),
      rest.length > 0 && moreButton(rest.length),
    );
  };

  /** @param {number} count */
  const moreButton = (count) =>
    h(
      'button',
      {
        type: 'button',
        class: 'legend-entry legend-more',
        'data-key': 'more',
        onclick: () => {
          isWhole = true;
          drawLegend();
          legend.querySelectorAll('button')[MOST_ENTRIES - 1]?.focus();
        },
      },
      `${count} more`,
    );

  addEventListener('themechange', draw);
  return {
    element,
    /**
     * @param {SeriesAnswer} next
     * @param {Mark[]} nextMarks
     */
    update(next, nextMarks) {
      answer = next;
      marks = nextMarks;
      draw();
    },
    /**
     * Draws values on a logarithmic scale, so that one spike does not hide the rest.
     * @param {boolean} on
     */
    useLog(on) {
      if (on === isLog) return;
      isLog = on;
      draw();
    },
    destroy() {
      removeEventListener('themechange', draw);
      watcher.disconnect();
      chart?.destroy();
    },
  };
}

/**
 * A logarithmic axis has no place for zero, so zeros become gaps.
 * @param {uPlot.AlignedData} data
 * @param {boolean} isLog
 * @returns {uPlot.AlignedData}
 */
function positiveOnly([times, ...series], isLog) {
  if (!isLog) return [times, ...series];
  return [times, ...series.map((values) => [...values].map((value) => ((value ?? 0) > 0 ? value : null)))];
}
