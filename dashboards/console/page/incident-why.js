// @ts-check
import { h, longText, nameText, swatch } from './dom.js';
import { fullTime, nearTime } from './format.js';
import { evidenceLists } from './evidence-names.js';
import { command, conditionsOf, isStoreTaken, quoted, wheres } from './share.js';
import { tableFrame } from './table.js';

/** @typedef {import('./context.js').PageContext} PageContext */
/** @typedef {import('../v1/incidents.ts').IncidentAnswer} IncidentAnswer */

/**
 * The numbers with which the incident fired, and the command that shows thresholds and settings of that time.
 * @param {IncidentAnswer} answer
 * @param {number} present epoch ms of event time
 */
export function whyItFired({ incident, timeline }, present) {
  const fired = timeline.find(({ event }) => event === 'firing');
  const where = wheres(conditionsOf(incident.scope)).map((one) => `--where ${quoted(one)}`);
  const asked = ['why', `--kind ${incident.kind}`, ...where, `--at ${incident.detected_at}`];
  return [
    h('h3', {}, 'Why it fired'),
    fired === undefined
      ? h('p', { class: 'none' }, 'It has not fired yet: it has to stay over its threshold for longer.')
      : h('p', {}, `${nearTime(Date.parse(fired.at), present)}: ${fired.text}`),
    ...evidenceLists(fired?.numbers ?? {}, 'then'),
    h(
      'p',
      { class: 'help-links' },
      isStoreTaken()
        ? 'With thresholds and settings, as soon as this process has ended: '
        : 'With thresholds and settings: ',
      h('code', { class: 'wrap' }, longText(command(asked.join(' ')))),
    ),
  ];
}

/** A phone shows only three of these columns. The page Errors shows the others. */
const heads = ['Time', 'Class', 'By rule', 'Status', 'Caller', 'Model', 'Text', 'Request id'].map(
  (title) => ({ title, class: ['Time', 'Class', 'Text'].includes(title) ? null : 'not-on-phone' }),
);

/**
 * Failures that belong to the incident, if they are still stored.
 * @param {IncidentAnswer} answer
 * @param {PageContext} context
 */
export function sampleFailures({ incident, samples }, { classes, present }) {
  const title = h('h3', {}, 'Samples');
  if (samples.length === 0) {
    const none =
      incident.sample_request_ids.length === 0
        ? 'None of its failures has a request id.'
        : 'Its failures are no longer stored.';
    return [title, h('p', { class: 'none' }, none)];
  }
  return [
    title,
    tableFrame({
      label: 'Samples',
      caption: 'Failures that belong to the incident',
      heads,
      rows: samples.map((one) => {
        const facts = classes.get(one.class);
        const time = Date.parse(one.ts);
        return h(
          'tr',
          { 'data-key': `${one.request_id} ${one.ts} ${one.retry_count}` },
          h(
            'td',
            { class: 'nowrap' },
            h('time', { datetime: one.ts, title: fullTime(time) }, nearTime(time, present())),
          ),
          h(
            'td',
            { class: 'nowrap' },
            h(
              'span',
              { class: 'group-cell' },
              facts === undefined ? '' : swatch(facts.color),
              facts?.title ?? one.class,
            ),
          ),
          h('td', { class: 'not-on-phone' }, h('code', {}, nameText(one.rule))),
          h('td', { class: 'not-on-phone' }, one.status === 0 ? '–' : String(one.status)),
          h(
            'td',
            { class: 'not-on-phone' },
            nameText([one.org, one.project, one.client].filter(Boolean).join(' / ')),
          ),
          h('td', { class: 'not-on-phone' }, nameText(one.model)),
          h('td', {}, h('bdi', { class: 'long sentences', title: one.message }, one.message)),
          h('td', { class: 'not-on-phone' }, h('code', {}, nameText(one.request_id))),
        );
      }),
    }),
  ];
}
