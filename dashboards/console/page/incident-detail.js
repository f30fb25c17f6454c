// @ts-check
import { h, longText } from './dom.js';
import { duration, fullTime, nearTime, number, withNearTimes, words } from './format.js';
import { createAttention } from './incident-attention.js';
import { incidentCard } from './incident-card.js';
import { sampleFailures, whyItFired } from './incident-why.js';
import { messageOf, noteLine } from './parts.js';
import { redraw } from './redraw.js';
import { get } from './requests.js';
import { conditionsOf } from './share.js';

/** @typedef {import('./context.js').PageContext} PageContext */
/** @typedef {import('../v1/incidents.ts').IncidentAnswer} IncidentAnswer */
/** @typedef {import('../v1/explain.ts').ExplainAnswer} ExplainAnswer */

/**
 * Everything about one incident: the card, what people said about it, its timeline, and what differed when it started.
 * @param {PageContext} context
 * @param {string} id
 */
export function createIncidentDetail(context, id) {
  const trouble = h('p', { class: 'trouble', role: 'status', hidden: true });
  const cardHost = h('div', {});
  const attentionHost = h('div', { class: 'card' });
  const timelineHost = h('div', { class: 'card' });
  const differsHost = h('div', { class: 'card' });
  const whyHost = h('div', { class: 'card' });
  const samplesHost = h('div', { class: 'card' });
  const attention = createAttention(() => context.again());
  /** @type {IncidentAnswer | null} */
  let last = null;
  /**
   * What differed when the incident started. This no longer changes, so it is asked for only once.
   * @type {ExplainAnswer | null}
   */
  let differs = null;

  const drawCard = (/** @type {number} */ present) => {
    if (last === null) return;
    const { incident, attention, related } = last;
    redraw(cardHost, incidentCard({ ...incident, attention }, present, [], related));
  };
  const draw = () => {
    if (last === null) return;
    drawCard(context.present());
    redraw(
      attentionHost,
      h('h3', {}, 'What people said'),
      ...attention.parts({ ...last.incident, attention: last.attention }, context.present()),
    );
    attention.keepFocus();
    redraw(whyHost, ...whyItFired(last, context.present()));
    redraw(samplesHost, ...sampleFailures(last, context));
    redraw(timelineHost, ...timeline(last, context.present()));
    redraw(differsHost, ...whatDiffered(differs, last, context));
  };

  return {
    id,
    element: h(
      'section',
      { 'aria-labelledby': `title-${id}` },
      h('p', { class: 'help-links' }, h('a', { href: '/incidents' }, 'All incidents')),
      trouble,
      h(
        'div',
        { class: 'two-columns' },
        h('div', {}, cardHost),
        h('div', {}, attentionHost, whyHost, timelineHost, differsHost),
      ),
      samplesHost,
    ),
    draw,
    tick: drawCard,
    /** @param {AbortSignal} signal */
    async refresh(signal) {
      try {
        last = /** @type {IncidentAnswer} */ (
          await get(`/api/v1/incidents/${encodeURIComponent(id)}`, signal)
        );
        trouble.hidden = true;
        draw();
        if (differs === null) {
          differs = /** @type {ExplainAnswer} */ (
            await get(`/api/v1/explain?${beginOf(last.incident)}`, signal)
          );
          draw();
        }
      } catch (error) {
        if (signal.aborted) throw error;
        trouble.textContent = messageOf(error);
        trouble.hidden = false;
      }
    },
  };
}

/**
 * The first quarter of an hour of an incident, as parameters of a request.
 * @param {IncidentAnswer['incident']} incident
 */
function beginOf({ started_at: startedAt, resolved_at: resolvedAt }) {
  const from = Date.parse(startedAt);
  const to = Math.min(
    from + 900_000,
    resolvedAt === null ? Number.POSITIVE_INFINITY : Date.parse(resolvedAt),
  );
  return new URLSearchParams({ from: String(from), to: String(Math.max(to, from + 60_000)) });
}

/** These events have times of the clock; all others have event time. */
const BY_CLOCK = new Set(['told', 'acknowledged', 'silenced']);

/** @param {IncidentAnswer} answer @param {number} present */
function timeline({ timeline: events }, present) {
  // Changes of the numbers are left out, because they are many and the card shows the present numbers.
  const steps = events.filter(({ event }) => event !== 'numbers');
  return [
    h('h3', {}, 'How it went'),
    steps.length === 0
      ? h('p', { class: 'none' }, 'No step is stored.')
      : h(
          'ol',
          { class: 'timeline' },
          ...steps.map(({ at, event, text }) =>
            h(
              'li',
              {},
              h('time', { datetime: at, title: fullTime(Date.parse(at)) }, nearTime(Date.parse(at), present)),
              h(
                'span',
                {},
                h('b', {}, words(event)),
                ' ',
                ...eventText(event, text, present),
                BY_CLOCK.has(event) && h('span', { class: 'by-clock' }, ' by the clock'),
              ),
            ),
          ),
        ),
    steps.some(({ event }) => BY_CLOCK.has(event)) &&
      h(
        'p',
        { class: 'none' },
        'Times are those of the requests; "by the clock" is when somebody acted. They differ when old requests are read.',
      ),
  ];
}

/**
 * The text of an event, in which the ids of consequences are links to their pages.
 * @param {string} event @param {string} text @param {number} present
 */
function eventText(event, text, present) {
  if (event !== 'consequence') return [withNearTimes(text, present)];
  return text
    .split(/\b([0-9a-f]{16})\b/)
    .map((part, at) =>
      at % 2 === 0
        ? withNearTimes(part, present)
        : h('a', { href: `/incidents/${encodeURIComponent(part)}` }, h('code', {}, part)),
    );
}

/** @param {ExplainAnswer | null} answer @param {IncidentAnswer} about @param {PageContext} context */
function whatDiffered(answer, { incident }, context) {
  const from = Date.parse(incident.started_at);
  const to = incident.resolved_at === null ? context.present() : Date.parse(incident.resolved_at);
  const where = conditionsOf(incident.scope);
  const span = { from: from - 1_800_000, to: Math.max(to, from + 600_000) };
  return [
    h('h3', {}, 'What differed when it began'),
    answer?.compared === true &&
      h(
        'p',
        { class: 'none' },
        `Numbers of its first ${duration(Date.parse(answer.window.to) - Date.parse(answer.window.from))}, not of all of it.`,
      ),
    ...(answer?.notes ?? []).map(noteLine),
    answer === null
      ? h('p', { class: 'none' }, 'Comparing …')
      : !answer.compared
        ? null
        : answer.scopes.length === 0
          ? h('p', { class: 'none' }, 'No part of the traffic failed more than before, beyond chance.')
          : h(
              'ol',
              { class: 'steps' },
              ...answer.scopes.slice(0, 5).map(({ scope, failures, expected, share }) =>
                h(
                  'li',
                  {},
                  h(
                    'b',
                    {},
                    longText(
                      Object.entries(scope)
                        .map(([name, value]) => `${name} ${value}`)
                        .join(' · '),
                    ),
                  ),
                  ` ${number(failures, 'count')} failures, ${number(Math.round(expected), 'count')} expected`,
                  share === null ? '' : `, ${share > 1 ? 'all' : number(share, 'ratio')} of the excess`,
                ),
              ),
            ),
    h(
      'p',
      { class: 'help-links' },
      h(
        'button',
        {
          type: 'button',
          class: 'cell-link',
          onclick: () =>
            context.go({ page: 'explore', range: span, options: { by: 'class', and: 'client', where } }),
        },
        'Its trend',
      ),
      h(
        'button',
        {
          type: 'button',
          class: 'cell-link',
          onclick: () => context.go({ page: 'errors', range: span, options: { where } }),
        },
        'Its failures',
      ),
      h(
        'button',
        {
          type: 'button',
          class: 'cell-link',
          onclick: () => context.go({ page: 'differs', range: { from, to: Math.max(to, from + 60_000) } }),
        },
        'What differs in all of it',
      ),
    ),
  ];
}
