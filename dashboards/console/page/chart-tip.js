// @ts-check
import { h, swatch } from './dom.js';
import { clockTime, dayAndTime, number } from './format.js';

/** @typedef {import('../panel-answer.ts').Series} Series */
/** @typedef {import('./chart-parts.js').Mark} Mark */
/** @typedef {Omit<import('../../panel.ts').Panel, 'sql'>} Panel */

/**
 * The interval under the pointer.
 * @typedef {object} Pointed what the pointer is on
 * @property {Panel} panel
 * @property {number} time start of the interval, epoch seconds
 * @property {number} step
 * @property {{series: Series, color: string, value: number | null}[]} values values of the series that are shown
 * @property {Mark[]} marks marks of the whole chart
 * @property {boolean} isStack
 * @property {Series | null} here the series that a click would pick
 * @property {import('./chart-pick.js').Picker | null} picker
 */

const MOST_LINES = 12;

/**
 * The values at the pointer, largest first, and the incidents that were open then.
 * @param {Pointed} pointed
 */
export function tipContent({ panel, time, step, values, marks, isStack, here, picker }) {
  const lines = values
    .filter(({ value }) => value !== null && (value !== 0 || (!isStack && panel.kind !== 'bars')))
    .sort((a, b) => (b.value ?? 0) - (a.value ?? 0));
  const open = marks.filter(({ from, to }) => time + step > from && time < to);
  return [
    h('p', { class: 'tip-time' }, `${dayAndTime(time * 1_000)} – ${clockTime((time + step) * 1_000)}`),
    ...lines
      .slice(0, MOST_LINES)
      .map(({ series, color, value }) =>
        h(
          'p',
          { class: series === here ? 'tip-line is-here' : 'tip-line' },
          swatch(color),
          h('span', {}, series.label),
          h('b', {}, number(value ?? 0, panel.unit)),
        ),
      ),
    ...(lines.length === 0 ? [h('p', { class: 'tip-none' }, panel.empty ?? 'no data')] : []),
    ...open.map(({ title, severity }) => h('p', { class: `tip-mark ${severity}` }, title)),
    ...(here === null || picker === null
      ? []
      : [
          h(
            'p',
            { class: 'tip-hint' },
            `Click: only ${here.label}${picker.place}.${picker.canLeaveOut() ? ' Shift-click: all others.' : ''}`,
          ),
        ]),
  ];
}

/**
 * Puts the tip beside the pointer, on the side that has room.
 * @param {HTMLElement} tip
 * @param {number} left position of the pointer within the plot
 * @param {number} width width of the plot
 */
export function placeTip(tip, left, width) {
  const toLeft = left > width / 2;
  tip.style.left = toLeft ? '' : `${left + 14}px`;
  tip.style.right = toLeft ? `${width - left + 14}px` : '';
}
