// @ts-check
import { h, swatch } from './dom.js';
import { dayAndTime, number } from './format.js';

/** @typedef {import('../panel-answer.ts').Series} Series */
/** @typedef {Omit<import('../../panel.ts').Panel, 'sql'>} Panel */

/**
 * The entries of a legend, which show and hide series. They are sorted by size: the sum of bars, or the highest value
 * of a line.
 * @param {Panel} panel
 * @param {{series: Series, color: string}[]} shown
 * @param {number} step
 * @param {ReadonlySet<string>} hidden names
 * @param {(name: string) => void} toggle
 */
export function legendEntries(panel, shown, step, hidden, toggle) {
  const isBars = panel.kind === 'bars';
  return shown
    .map(({ series, color }) => ({ series, color, value: legendValue(panel, series, step) }))
    .sort((a, b) => (isBars ? b.value - a.value : 0))
    .map(({ series: { name, label }, color, value }) =>
      h(
        'button',
        {
          type: 'button',
          class: 'legend-entry',
          'data-key': `series-${name}`,
          'aria-pressed': String(!hidden.has(name)),
          title: hidden.has(name) ? 'Show' : 'Hide',
          onclick: () => toggle(name),
        },
        swatch(color),
        h('span', { class: 'legend-name' }, label),
        h('span', { class: 'legend-value' }, isBars ? '' : 'max ', number(value, legendUnit(panel))),
      ),
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
 * For bars the sum over the range, for which rates are converted to counts; otherwise the highest value.
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
