// @ts-check
import { h, swatch } from './dom.js';
import { dayAndTime, number } from './format.js';

/** @typedef {import('../panel-answer.ts').Series} Series */
/** @typedef {Omit<import('../../panel.ts').Panel, 'sql'>} Panel */

/**
 * What a legend shows.
 * @typedef {object} Legend
 * @property {Panel} panel
 * @property {{series: Series, color: string}[]} shown
 * @property {number} step
 * @property {ReadonlySet<string>} hidden names
 * @property {(name: string) => void} toggle
 * @property {import('./chart-pick.js').Picker | null} picker
 */

/**
 * The entries of a legend. A click shows or hides a series; two buttons keep only the requests of the series, or leave
 * them out. In a chart of bars, the entries are sorted by the sum of each series.
 * @param {Legend} legend
 */
export function legendEntries({ panel, shown, step, hidden, toggle, picker }) {
  const isBars = panel.kind === 'bars';
  return shown
    .map(({ series, color }) => ({ series, color, value: legendValue(panel, series, step) }))
    .sort((a, b) => (isBars ? b.value - a.value : 0))
    .map(({ series: { name, label }, color, value }) =>
      h(
        'div',
        { class: 'legend-item', 'data-key': `series-${name}` },
        h(
          'button',
          {
            type: 'button',
            class: 'legend-entry',
            'aria-pressed': String(!hidden.has(name)),
            title: hidden.has(name) ? 'Show' : 'Hide',
            onclick: () => toggle(name),
          },
          swatch(color),
          h('span', { class: 'legend-name' }, label),
          h('span', { class: 'legend-value' }, isBars ? '' : 'max ', number(value, legendUnit(panel))),
        ),
        picker !== null && pickButtons(picker, name, label),
      ),
    );
}

/**
 * @param {import('./chart-pick.js').Picker} picker
 * @param {string} name
 * @param {string} label
 */
function pickButtons({ place, canLeaveOut, pick }, name, label) {
  const button = (/** @type {string} */ sign, /** @type {string} */ what, /** @type {boolean} */ isLeftOut) =>
    h(
      'button',
      {
        type: 'button',
        class: 'quiet small',
        'aria-label': `${what} ${label}${place}`,
        title: `${what} ${label}${place}`,
        onclick: () => pick(name, isLeftOut),
      },
      sign,
    );
  return h(
    'span',
    { class: 'legend-picks' },
    button('=', 'Only', false),
    canLeaveOut() && button('≠', 'Leave out', true),
  );
}

/**
 * Describes a chart in one sentence for screen readers.
 * @param {Panel} panel
 * @param {{from: number, to: number, step: number, series: Series[]}} answer
 */
export function spokenSummary(panel, { from, to, step, series }) {
  const parts = series
    .map((one) => ({ label: one.label, value: legendValue(panel, one, step) }))
    .sort((a, b) => b.value - a.value)
    .slice(0, 6)
    .map(({ label, value }) => `${label} ${number(value, legendUnit(panel))}`);
  const what = panel.kind === 'bars' ? 'In all' : 'Highest';
  const values = parts.length === 0 ? (panel.empty ?? 'No data') : `${what}: ${parts.join(', ')}`;
  return `${panel.title}, ${dayAndTime(from * 1_000)} to ${dayAndTime(to * 1_000)}. ${values}.`;
}

/**
 * The value beside a series: for bars the sum over the range, with rates converted to counts; otherwise the highest
 * value.
 * @param {Panel} panel
 * @param {Series} series
 * @param {number} step
 */
export function legendValue({ kind, unit }, { values }, step) {
  if (kind !== 'bars') return Math.max(0, ...values.map((value) => value ?? 0));
  const sum = values.reduce((/** @type {number} */ all, value) => all + (value ?? 0), 0);
  if (unit === 'per_minute') return Math.round((sum * step) / 60);
  if (unit === 'per_second') return Math.round(sum * step);
  return sum;
}

/** @param {Panel} panel */
function legendUnit({ kind, unit }) {
  return kind === 'bars' && (unit === 'per_minute' || unit === 'per_second') ? 'count' : unit;
}
