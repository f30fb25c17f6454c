// @ts-check
import './locale.js';
import uPlot from './uplot.js';
import { legendEntries, spokenSummary } from './chart-legend.js';
import { chartOptions, plotHeight } from './chart-options.js';
import { lineAt, partAt } from './chart-pick.js';
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

/** @typedef {import('./chart-pick.js').Picker} Picker */

/** A pointer that moves less than this many pixels between press and release clicks; otherwise it selects a span. */
const CLICK = 8;

/** A longer legend shows only its first entries until the reader asks for the rest. */
const MOST_ENTRIES = 10;

/**
 * A chart of a panel, with a legend whose entries show and hide series. `update` redraws it with new numbers.
 * @param {Panel} panel
 * @param {Zoom} zoom called when a span has been drawn with the pointer
 * @param {Picker | null} [picker] called when a series is clicked; null: series cannot be picked
 */
export function createChart(panel, zoom, picker = null) {
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
  // Logarithms of parts do not add up to the logarithm of their sum, so on a logarithmic scale nothing is stacked.
  const isStack = () => panel.stacked === true && !isLog;
  let isWhole = false;

  const watcher = new ResizeObserver(() => {
    if (plot.clientWidth > 0) chart?.setSize({ width: plot.clientWidth, height: plotHeight(panel) });
  });
  watcher.observe(plot);

  const draw = () => {
    const { from, to, times, series } = answer;
    const colors = seriesColors(series);
    shown = series.map((one, at) => ({ series: one, color: colors[at] ?? '#888888' }));
    const plain = chartData(times, series, isStack(), hidden);
    const data = isLog ? onLogScale(plain, panel.kind === 'bars' ? answer.step : 0) : plain;
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
    const options = chartOptions(panel, isStack() ? drawn.reverse() : drawn, () => answer, isLog);
    const size = { width: Math.max(plot.clientWidth, 120), height: plotHeight(panel) };
    const made = new uPlot({ ...options, ...size, hooks }, data, plot);
    made.over.append(tip);
    if (picker !== null) listen(made, picker);
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
        if (width < CLICK) return;
        zoom(u.posToVal(left, 'x') * 1_000, u.posToVal(left + width, 'x') * 1_000);
        u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      },
    ],
  };

  /** @param {uPlot} u */
  const showTip = (u) => {
    const at = intervalAt(u);
    const left = u.cursor.left ?? -1;
    // The crosshair moves on all charts together, but only the chart under the pointer shows its values.
    tip.hidden = at === null || left < 0 || !u.over.matches(':hover');
    if (at === null || tip.hidden) return;
    const values = valuesAt(at);
    const here = picker === null ? null : seriesAt(u, u.cursor.top ?? -1);
    u.over.classList.toggle('is-pickable', here !== null);
    tip.replaceChildren(
      ...tipContent({
        panel,
        isStack: isStack(),
        time: answer.times[at] ?? 0,
        step: answer.step,
        values,
        marks,
        here,
        picker,
      }),
    );
    placeTip(tip, left, u.over.clientWidth);
  };

  /** @param {number} at */
  const valuesAt = (at) =>
    shown
      .filter(({ series }) => !hidden.has(series.name))
      .map(({ series, color }) => ({ series, color, value: series.values[at] ?? null }));

  /**
   * The index of the interval under the pointer. A bar is drawn to the right of its time, a point of a line exactly at
   * its time.
   * @param {uPlot} u
   */
  const intervalAt = (u) => {
    if (panel.kind !== 'bars') return u.cursor.idx ?? null;
    const first = answer.times[0];
    if (first === undefined || (u.cursor.left ?? -1) < 0) return null;
    const at = Math.floor((u.posToVal(u.cursor.left ?? 0, 'x') - first) / answer.step);
    return at >= 0 && at < answer.times.length ? at : null;
  };

  /**
   * The series under the pointer.
   * @param {uPlot} u
   * @param {number} top pixels from the top of the plot
   */
  const seriesAt = (u, top) => {
    const at = intervalAt(u);
    if (at === null || top < 0) return null;
    const values = valuesAt(at);
    const found = isStack()
      ? partAt(values, u.posToVal(top, 'y'))
      : lineAt(
          values.map((one) => (isLog && (one.value ?? 0) <= 0 ? { ...one, value: null } : one)),
          top,
          (value) => u.valToPos(value, 'y'),
        );
    return found?.series ?? null;
  };

  /**
   * A click keeps only the series under the pointer; with Shift it leaves the series out.
   * @param {uPlot} u
   * @param {Picker} given
   */
  const listen = (u, given) => {
    /** @type {{x: number, y: number} | null} */
    let pressed = null;
    u.over.addEventListener('mousedown', (event) => {
      pressed = event.button === 0 ? { x: event.clientX, y: event.clientY } : null;
    });
    u.over.addEventListener('mouseup', (event) => {
      const start = pressed;
      pressed = null;
      if (start === null || Math.hypot(event.clientX - start.x, event.clientY - start.y) >= CLICK) return;
      const found = seriesAt(u, event.clientY - u.over.getBoundingClientRect().top);
      if (found !== null) given.pick(found.name, event.shiftKey && given.canLeaveOut());
    });
  };

  const drawLegend = () => {
    const toggle = (/** @type {string} */ name) => {
      if (!hidden.delete(name)) hidden.add(name);
      draw();
    };
    const entries = legendEntries({ panel, shown, step: answer.step, hidden, toggle, picker });
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
          /** @type {NodeListOf<HTMLElement>} */ (legend.querySelectorAll('.legend-entry'))[
            MOST_ENTRIES - 1
          ]?.focus();
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
     * Draws values on a logarithmic scale, so that one spike does not hide the rest. Nothing is stacked then: each
     * series is a line.
     * @param {boolean} on
     */
    useLog(on) {
      if (on === isLog) return;
      isLog = on;
      if (chart !== null) draw();
    },
    destroy() {
      removeEventListener('themechange', draw);
      watcher.disconnect();
      chart?.destroy();
    },
  };
}

/**
 * Prepares data for a logarithmic axis. It cannot show zero, so zeros become gaps. If bars become steps, a last time is
 * added at which the last step ends.
 * @param {uPlot.AlignedData} data
 * @param {number} step seconds that a step is long; 0: there are no steps
 * @returns {uPlot.AlignedData}
 */
function onLogScale([times, ...series], step) {
  const end = times.at(-1);
  const hasEnd = step > 0 && end !== undefined;
  return [
    hasEnd ? [...times, end + step] : times,
    ...series.map((values) => {
      const positive = [...values].map((value) => ((value ?? 0) > 0 ? (value ?? null) : null));
      return hasEnd ? [...positive, positive.at(-1) ?? null] : positive;
    }),
  ];
}
