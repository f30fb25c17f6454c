// @ts-check
import { h, icon, longText, nameText } from './dom.js';
import { evidenceLists, evidenceText } from './evidence-names.js';
import { countdown, duration, fullTime, nearTime, number, words } from './format.js';
import { kindName, partyName, retryName } from './names.js';

/** @typedef {import('../../../domain/incident.ts').Incident} Incident */
/** @typedef {readonly Pick<Incident, 'id' | 'kind'>[]} Related */
/** @typedef {import('../v1/incidents.ts').IncidentsAnswer['incidents'][number]} IncidentItem */
/** @typedef {import('./dom.js').Child} Child */

const ICONS = {
  critical: 'M12 3 2.5 20h19L12 3Zm0 7v4.5m0 2.6v.1',
  warning: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Zm0 4.8v5m0 3.2v.1',
  info: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Zm0 8v5.2m0-8.4v.1',
};

/**
 * The card of an incident: what happened, since when, its scope, the verdict, the remedy, and the plan.
 * @param {Incident & {attention?: IncidentItem['attention']}} incident
 * @param {number} present epoch ms of event time
 * @param {readonly Child[]} [acting] what people said and can do, on a card that leads to the page of the incident
 * @param {Related} [others] incidents whose title is known, for the links to related incidents
 */
export function incidentCard(incident, present, acting = [], others = []) {
  const { id, kind, state, severity, started_at: startedAt, summary, verdict, remedy } = incident;
  const started = Date.parse(startedAt);
  const ended = incident.resolved_at === null ? null : Date.parse(incident.resolved_at);
  return h(
    'article',
    { class: `incident ${severity}`, 'data-key': id, 'aria-labelledby': `title-${id}` },
    h(
      'header',
      { class: 'incident-head' },
      icon(ICONS[severity]),
      h(
        'h3',
        { id: `title-${id}` },
        h('a', { href: `/incidents/${encodeURIComponent(id)}` }, kindName(kind)),
      ),
      incident.attention && h('span', { class: 'state is-pending' }, words(incident.attention.state)),
      h('span', { class: `state is-${state}` }, words(state)),
    ),
    h(
      'p',
      { class: 'since' },
      ended === null ? 'Since ' : 'From ',
      h('time', { datetime: startedAt, title: fullTime(started) }, nearTime(started, present)),
      ended === null
        ? ''
        : h(
            'time',
            { datetime: incident.resolved_at, title: fullTime(ended) },
            ` to ${nearTime(ended, present)}`,
          ),
      ` · ${duration((ended ?? present) - started)}`,
    ),
    h('p', { class: 'summary' }, longText(summary)),
    scopeChips(incident),
    h(
      'dl',
      { class: 'facts' },
      h(
        'div',
        {},
        h('dt', {}, 'Whose fault'),
        h('dd', {}, h('b', {}, partyName(verdict.party)), longText(verdict.why)),
      ),
    ),
    h('h4', {}, 'What to do', h('span', { class: `retry-${remedy.retry}` }, retryName(remedy.retry))),
    h('ol', { class: 'steps' }, ...remedy.steps.map((step) => h('li', {}, longText(step)))),
    h('p', { class: 'owner' }, 'Who acts: ', longText(remedy.owner)),
    remedy.hold_until !== undefined &&
      ended === null &&
      hold(started, Date.parse(remedy.hold_until), present),
    remedy.plan === undefined || remedy.plan.length === 0 ? null : plan(remedy.plan, incident, present),
    acting.length > 0 &&
      h(
        'div',
        { class: 'attention', 'data-key': 'attention' },
        ...acting,
        h(
          'p',
          { class: 'help-links' },
          h('a', { href: `/incidents/${encodeURIComponent(id)}` }, 'All about it'),
        ),
      ),
    details(incident, others),
  );
}

/**
 * A resolved incident in one line, which can be opened.
 * @param {Incident} incident
 * @param {number} present
 * @param {Related} [others] as for `incidentCard`
 */
export function resolvedCard(incident, present, others = []) {
  const started = Date.parse(incident.started_at);
  const resolved = Date.parse(incident.resolved_at ?? incident.started_at);
  return h(
    'details',
    { class: `resolved ${incident.severity}`, 'data-key': incident.id },
    h(
      'summary',
      {},
      h('span', { class: 'resolved-kind' }, kindName(incident.kind)),
      h(
        'span',
        { class: 'resolved-time' },
        `${nearTime(started, present)} – ${nearTime(resolved, present)} · ${duration(resolved - started)}`,
      ),
    ),
    h('p', { class: 'summary' }, longText(incident.summary)),
    scopeChips(incident),
    h(
      'dl',
      { class: 'facts' },
      h(
        'div',
        {},
        h('dt', {}, 'Whose fault'),
        h('dd', {}, h('b', {}, partyName(incident.verdict.party)), longText(incident.verdict.why)),
      ),
    ),
    h(
      'h4',
      {},
      'What to do',
      h('span', { class: `retry-${incident.remedy.retry}` }, retryName(incident.remedy.retry)),
    ),
    h('ol', { class: 'steps' }, ...incident.remedy.steps.map((step) => h('li', {}, longText(step)))),
    h(
      'p',
      { class: 'help-links' },
      h('a', { href: `/incidents/${encodeURIComponent(incident.id)}` }, 'All about it'),
    ),
    details(incident, others),
  );
}

/** @param {Incident} incident */
export function scopeChips({ scope }) {
  const parts = Object.entries(scope).filter(([, value]) => value !== undefined && value !== '');
  return h(
    'ul',
    { class: 'chips', 'aria-label': 'Affected' },
    ...(parts.length === 0
      ? [h('li', {}, 'everything')]
      : parts.map(([name, value]) =>
          h('li', {}, h('span', {}, name), ' ', nameText(evidenceText(name, value ?? ''))),
        )),
  );
}

/**
 * Shows until when to hold the rate, and how much of that time has passed.
 * @param {number} started
 * @param {number} until
 * @param {number} present
 */
function hold(started, until, present) {
  const bar = h('span', { class: 'hold-bar', 'aria-hidden': 'true' });
  const part = Math.min(1, Math.max(0, (present - started) / Math.max(1, until - started)));
  bar.style.setProperty('--part', `${part * 100}%`);
  return h(
    'div',
    { class: 'hold' },
    h(
      'p',
      {},
      'Hold the rate until ',
      h(
        'time',
        { datetime: new Date(until).toISOString(), title: fullTime(until) },
        nearTime(until, present),
      ),
      h('b', {}, until > present ? `${countdown(until - present)} left` : 'passed'),
    ),
    bar,
  );
}

/**
 * The way back to the full rate as a staircase: each step says when and how much.
 * @param {NonNullable<Incident['remedy']['plan']>} steps
 * @param {Incident} incident
 * @param {number} present
 */
function plan(steps, incident, present) {
  const highest = Math.max(...steps.map((step) => step.requests_per_minute), 1);
  return h(
    'div',
    { class: 'plan' },
    h('h4', {}, 'Recovery plan'),
    h(
      'ol',
      { class: 'stairs', 'aria-label': `Rates that are safe again after ${kindName(incident.kind)}` },
      ...steps.slice(0, 8).map((step) => {
        const bar = h('span', { class: 'stair', 'aria-hidden': 'true' });
        bar.style.setProperty('--part', `${Math.max(6, (step.requests_per_minute / highest) * 100)}%`);
        const at = Date.parse(step.at);
        return h(
          'li',
          { class: at <= present ? 'reached' : null },
          h(
            'span',
            { class: 'stair-rate' },
            number(Math.round(step.requests_per_minute), 'count'),
            h('span', { class: 'unseen' }, ' requests per minute'),
          ),
          bar,
          h('time', { datetime: step.at, title: fullTime(at) }, nearTime(at, present)),
        );
      }),
    ),
    h('p', { class: 'plan-unit' }, 'requests per minute, not before the time below'),
  );
}

/**
 * The link to another incident, with its title if that is known.
 * @param {string} id
 * @param {Related} others
 */
export function relatedLink(id, others) {
  const found = others.find((one) => one.id === id);
  const title = found === undefined ? 'Incident' : kindName(found.kind);
  return h('a', { href: `/incidents/${encodeURIComponent(id)}` }, `${title} `, h('code', {}, id));
}

/**
 * @param {Incident} incident
 * @param {Related} others
 */
function details(
  {
    id,
    evidence,
    sample_request_ids: samples,
    related,
    remedy,
    detected_at: detected,
    resolved_at: resolved,
  },
  others,
) {
  const link = /^https?:\/\//.test(remedy.docs)
    ? h('a', { href: remedy.docs, rel: 'noreferrer', target: '_blank' }, 'Runbook')
    : h('code', {}, remedy.docs);
  return h(
    'details',
    { class: 'more' },
    h('summary', {}, 'Evidence and samples'),
    ...evidenceLists(evidence, resolved === null ? 'firing' : 'resolved'),
    h(
      'dl',
      { class: 'evidence' },
      h('div', {}, h('dt', {}, 'Detected'), h('dd', {}, fullTime(Date.parse(detected)))),
      samples.length > 0 &&
        h(
          'div',
          {},
          h('dt', {}, 'Request ids'),
          h('dd', { class: 'ids' }, ...samples.map((sample) => h('code', {}, sample))),
        ),
      related.length > 0 &&
        h(
          'div',
          {},
          h('dt', {}, 'Related'),
          h('dd', { class: 'ids' }, ...related.map((other) => relatedLink(other, others))),
        ),
      h('div', {}, h('dt', {}, 'Incident'), h('dd', { class: 'ids' }, h('code', {}, id))),
      remedy.docs !== '' && h('div', {}, h('dt', {}, 'Runbook'), h('dd', {}, link)),
    ),
  );
}
