// @ts-check
import uPlot from './uplot.js';
import {
  chartData,
  cssColor,
  drawMarks,
  drawThresholds,
  lonePoints,
  palette,
  timeLabels,
} from './chart-parts.js';
import { h, swatch } from './dom.js';
import { clockTime, dayAndTime, isUtc, number, short } from './format.js';

/** @typedef {import('../panel-answer.ts').Series} Series */
/** @typedef {import('./chart-parts.js').Mark} Mark */
/** @typedef {Omit<import('../../panel.ts').Panel, 'sql'>} Panel */
/** @typedef {{from: number, to: number, step: number, times: number[], series: Series[]}} SeriesAnswer */
/** @typedef {(fromMs: number, toMs: number) => void} Zoom */

/**
 * A chart of a panel with a legend whose entries show and hide series. `update` redraws with new numbers.
 * @param {Panel} panel
 * @param {Zoom} zoom called when a span has been drawn with the pointer
 */
export function createChart(panel, zoom) {
  const stacked = panel.stacked === true;
  const plot = h('div', { class: 'plot' });
  const legend = h('div', { class: 'legend', role: 'group', 'aria-label': 'Series' });
  const tip = h('div', { class: 'tip', hidden: true });
  const element = h('div', { class: 'chart' }, plot, legend);
  /** @type {Set<string>} */
  const hidden = new Set();
  /** @type {SeriesAnswer | null} */
  let answer = null;
  /** @type {Mark[]} */
  let marks = [];
  /** @type {uPlot | null} */
  let chart = null;
  let drawn = '';

  const watcher = new ResizeObserver(() => {
    if (chart !== null && plot.clientWidth > 0)
      chart.setSize({ width: plot.clientWidth, height: plotHeight(panel) });
  });
  watcher.observe(plot);

  /** @param {Series[]} series */
  const colorOf = (series) => (/** @type {number} */ index) =>
    series[index]?.color ?? palette[index % palette.length] ?? '#888888';

  const draw = () => {
    if (answer === null) return;
    const { series, times } = answer;
    const color = colorOf(series);
    const shape = `${series.map(({ name }) => name).join('\n')}|${document.documentElement.dataset['theme']}|${isUtc()}`;
    const data = chartData(times, series, stacked, hidden);
    if (chart !== null && shape === drawn) {
      chart.setData(data, false);
      chart.setScale('x', { min: answer.from, max: answer.to });
    } else {
      chart?.destroy();
      drawn = shape;
      chart = new uPlot(chartOptions(), data, plot);
      chart.over.append(tip);
    }
    drawLegend(series, color);
    plot.setAttribute('role', 'img');
    plot.setAttribute('aria-label', spoken(panel, answer));
  };

  /** @returns {uPlot.Options} */
  const chartOptions = () => {
    const series = answer?.series ?? [];
    const color = colorOf(series);
    const grid = { stroke: cssColor('--grid'), width: 1 };
    const axis = { stroke: cssColor('--muted'), font: `11px ${cssColor('--font')}`, ticks: { show: false } };
    const order = series.map((_, index) => index);
    if (stacked) order.reverse();
    return {
      width: Math.max(plot.clientWidth, 120),
      height: plotHeight(panel),
      padding: [10, 14, 0, 0],
      legend: { show: false },
      ...(isUtc()
        ? { tzDate: (/** @type {number} */ time) => uPlot.tzDate(new Date(time * 1_000), 'Etc/UTC') }
        : {}),
      cursor: {
        sync: { key: 'faultline' },
        drag: { x: true, y: false, setScale: false },
        points: { show: panel.kind !== 'bars', size: 6 },
        y: false,
      },
      scales: {
        x: { time: true, range: () => [answer?.from ?? 0, answer?.to ?? 1] },
        y: { range: (_, _min, max) => [0, niceTop(max, panel)] },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          size: 26,
          gap: 6,
          space: 64,
          values: (_, splits, _axis, _space, step) => timeLabels(splits, step),
        },
        {
          ...axis,
          grid,
          gap: 6,
          space: 34,
          size: (_, values) =>
            Math.max(30, 14 + 6.2 * Math.max(0, ...(values ?? []).map((text) => text.length))),
          values: (_, splits) => splits.map((split) => short(split, panel.unit)),
        },
      ],
      series: [
        {},
        ...order.map((index) =>
          seriesOptions(panel, series[index]?.label ?? '', color(index), series.length),
        ),
      ],
      hooks: {
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
      },
    };
  };

  /** @param {uPlot} u */
  const showTip = (u) => {
    const index = u.cursor.idx;
    const left = u.cursor.left ?? -1;
    if (answer === null || index === null || index === undefined || left < 0 || !u.over.matches(':hover')) {
      tip.hidden = true;
      return;
    }
    const color = colorOf(answer.series);
    const time = answer.times[index] ?? 0;
    const lines = answer.series
      .map((one, at) => ({ one, color: color(at), value: one.values[index] ?? null }))
      .filter(({ one, value }) => value !== null && (value !== 0 || !stacked) && !hidden.has(one.name))
      .sort((a, b) => (b.value ?? 0) - (a.value ?? 0));
    const open = marks.filter(({ from, to }) => time + (answer?.step ?? 0) > from && time < to);
    tip.replaceChildren(
      h(
        'p',
        { class: 'tip-time' },
        `${dayAndTime(time * 1_000)} – ${clockTime((time + answer.step) * 1_000)}`,
      ),
      ...lines
        .slice(0, 12)
        .map(({ one, color, value }) =>
          h(
            'p',
            { class: 'tip-line' },
            swatch(color),
            h('span', {}, one.label),
            h('b', {}, number(value ?? 0, panel.unit)),
          ),
        ),
      ...(lines.length === 0 ? [h('p', { class: 'tip-none' }, panel.empty ?? 'no data')] : []),
      ...open.map(({ title, severity }) => h('p', { class: `tip-mark ${severity}` }, title)),
    );
    tip.hidden = false;
    const toLeft = left > u.over.clientWidth / 2;
    tip.style.left = toLeft ? '' : `${left + 14}px`;
    tip.style.right = toLeft ? `${u.over.clientWidth - left + 14}px` : '';
  };

  /**
   * @param {Series[]} series
   * @param {(index: number) => string} color
   */
  const drawLegend = (series, color) => {
    const entries = series
      .map((one, index) => ({ one, color: color(index), value: legendValue(panel, one, answer?.step ?? 60) }))
      .sort((a, b) => (panel.kind === 'bars' ? b.value - a.value : 0));
    const focused =
      document.activeElement instanceof HTMLElement ? document.activeElement.dataset['series'] : undefined;
    const unit = panel.kind === 'bars' ? totalUnit(panel) : panel.unit;
    legend.replaceChildren(
      ...entries.map(({ one, color, value }) =>
        h(
          'button',
          {
            type: 'button',
            class: 'legend-entry',
            'data-series': one.name,
            'aria-pressed': String(!hidden.has(one.name)),
            title: hidden.has(one.name) ? 'Show' : 'Hide',
            onclick: () => {
              if (!hidden.delete(one.name)) hidden.add(one.name);
              draw();
            },
          },
          swatch(color),
          h('span', { class: 'legend-name' }, one.label),
          h('span', { class: 'legend-value' }, panel.kind === 'bars' ? '' : 'max ', number(value, unit)),
        ),
      ),
    );
    if (focused !== undefined) {
      for (const entry of legend.querySelectorAll('button'))
        if (entry.dataset['series'] === focused) entry.focus();
    }
  };

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
    destroy() {
      removeEventListener('themechange', draw);
      watcher.disconnect();
      chart?.destroy();
    },
  };
}

/**
 * What a legend says of a series: the sum of bars, the highest value of a line.
 * @param {Panel} panel
 * @param {Series} series
 * @param {number} step
 */
export function legendValue(panel, { values }, step) {
  if (panel.kind !== 'bars') return Math.max(0, ...values.map((value) => value ?? 0));
  const sum = values.reduce((/** @type {number} */ all, value) => all + (value ?? 0), 0);
  if (panel.unit === 'per_minute') return Math.round((sum * step) / 60);
  if (panel.unit === 'per_second') return Math.round(sum * step);
  return sum;
}

/**
 * Unit of the sum of bars.
 * @param {Panel} panel
 */
export function totalUnit(panel) {
  return panel.unit === 'per_minute' || panel.unit === 'per_second' ? 'count' : panel.unit;
}

/**
 * @param {Panel} panel
 * @param {string} label
 * @param {string} color
 * @param {number} count of series in the chart
 * @returns {uPlot.Series}
 */
function seriesOptions(panel, label, color, count) {
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
    ...(panel.stacked === true ? { fill: color } : count <= 3 ? { fill: `${color}1c` } : {}),
    points: {
      show: true,
      size: 4,
      fill: color,
      filter: (u, index, show) => (show ? lonePoints(u.data[index] ?? []) : null),
    },
  };
}

/** @param {Panel} panel */
function plotHeight(panel) {
  return Math.max(150, panel.height * 24);
}

/**
 * @param {number | null} max
 * @param {Panel} panel
 */
function niceTop(max, panel) {
  if (max !== null && max > 0) return max * 1.08;
  return panel.unit === 'ratio' ? 0.01 : 1;
}

/**
 * @param {Panel} panel
 * @param {SeriesAnswer} answer
 */
function spoken(panel, answer) {
  const from = dayAndTime(answer.from * 1_000);
  const to = dayAndTime(answer.to * 1_000);
  const parts = answer.series
    .map((one) => ({ label: one.label, value: legendValue(panel, one, answer.step) }))
    .sort((a, b) => b.value - a.value)
    .slice(0, 6)
    .map(
      ({ label, value }) =>
        `${label} ${number(value, panel.kind === 'bars' ? totalUnit(panel) : panel.unit)}`,
    );
  const what = panel.kind === 'bars' ? 'In all' : 'Highest';
  return `${panel.title}, ${from} to ${to}. ${parts.length === 0 ? (panel.empty ?? 'No data') : `${what}: ${parts.join(', ')}`}.`;
}
