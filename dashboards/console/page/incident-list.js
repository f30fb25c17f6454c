// @ts-check
import { byId, h, icon } from './dom.js';
import { nearTime } from './format.js';
import { createAttention } from './incident-attention.js';
import { incidentCard, resolvedCard } from './incident-card.js';
import { kindName } from './names.js';
import { redraw } from './redraw.js';

/** @typedef {import('../v1/incidents.ts').IncidentsAnswer['incidents'][number]} Incident */

/** When the newest counts are older than this, they say nothing about the present. */
const STALE_MS = 600_000;
const QUESTION =
  'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Zm-2.6 6.8a2.6 2.6 0 1 1 3.6 2.4c-.7.3-1 .8-1 1.6m0 2.6v.1';
const CHECK = 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Zm-4 9.3 2.8 2.8L16.2 9.5';

/**
 * How many open incidents are shown in full, and how many resolved ones in one line each. The page says how many more
 * there are.
 */
const MOST_OPEN = 50;
const MOST_RESOLVED = 50;

/**
 * The list of incidents: open ones in full, where people can act, and resolved ones below in one line each.
 * @param {() => void} again called after a change; starts a round at once
 */
export function createIncidentList(again) {
  const attention = createAttention(again);
  const open = byId('incidents-open');
  /** @type {Set<string> | null} */
  let known = null;
  /** @type {readonly Incident[]} */
  let current = [];
  /** @type {readonly Incident[]} */
  let resolved = [];
  /** Last interval with a count, epoch ms. @type {number | null} */
  let newest = null;

  const drawOpen = (/** @type {number} */ present) => {
    const all = [...current, ...resolved];
    redraw(
      open,
      current
        .slice(0, MOST_OPEN)
        .map((incident) => incidentCard(incident, present, attention.parts(incident, present), all)),
      current.length === 0 && calm(calmText(present, newest)),
      current.length > MOST_OPEN && more(current.length - MOST_OPEN, 'open'),
    );
    attention.keepFocus();
  };

  return {
    /**
     * @param {readonly Incident[]} incidents
     * @param {number} present epoch ms of event time
     * @param {number | null} newestCount last interval with a count, epoch ms
     */
    update(incidents, present, newestCount) {
      newest = newestCount;
      current = incidents.filter(({ state }) => state !== 'resolved').sort(mostSevereFirst);
      resolved = incidents.filter(({ state }) => state === 'resolved');
      announce(current, known);
      known = new Set(current.map(({ id }) => id));
      const count = byId('incidents-count');
      count.hidden = current.length === 0;
      count.textContent = String(current.length);
      document.title = current.length === 0 ? 'faultline' : `(${current.length}) faultline`;
      this.draw(present);
    },
    /**
     * Draws the same incidents again, because the present or the time zone has changed.
     * @param {number} present
     */
    draw(present) {
      if (known === null) return;
      drawOpen(present);
      const all = [...current, ...resolved];
      byId('incidents-resolved').hidden = resolved.length === 0;
      byId('resolved-count').textContent = String(resolved.length);
      redraw(
        byId('resolved-list'),
        resolved.slice(0, MOST_RESOLVED).map((incident) => resolvedCard(incident, present, all)),
        resolved.length > MOST_RESOLVED && more(resolved.length - MOST_RESOLVED, 'resolved'),
      );
    },
    /**
     * Draws what changes with time alone.
     * @param {number} present
     */
    tick(present) {
      if (known !== null) drawOpen(present);
    },
    /** @param {string} message */
    fail(message) {
      if (current.length > 0) return;
      redraw(open, h('p', { class: 'trouble calm', role: 'status' }, `Incidents cannot be read: ${message}`));
    },
  };
}

/**
 * @param {number} count
 * @param {string} state
 */
function more(count, state) {
  return h(
    'p',
    { class: 'none' },
    `${count} more ${state}: faultline incidents --state ${state === 'open' ? 'firing' : state}`,
  );
}

const SEVERITIES = ['critical', 'warning', 'info'];

/** @type {(a: Incident, b: Incident) => number} */
function mostSevereFirst(a, b) {
  const firing = Number(b.state === 'firing') - Number(a.state === 'firing');
  const severity = SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity);
  return firing || severity || b.started_at.localeCompare(a.started_at) || a.id.localeCompare(b.id);
}

/**
 * Tells screen readers which incidents have opened since the last refresh, but not those that were open when the page
 * was loaded.
 * @param {readonly Incident[]} current
 * @param {Set<string> | null} known
 */
function announce(current, known) {
  if (known === null) return;
  const opened = current.filter(({ id }) => !known.has(id));
  if (opened.length === 0) return;
  byId('announce').textContent = opened
    .map(({ kind, summary }) => `New incident: ${kindName(kind)}. ${summary}`)
    .join(' ');
}

/**
 * The text when no incident is open: all is healthy, the counts are old, or nothing is counted yet.
 * @param {number} present
 * @param {number | null} newest
 * @returns {[title: string, text: string]}
 */
function calmText(present, newest) {
  if (newest === null)
    return ['Nothing to judge yet', 'Incidents appear here when requests have been counted.'];
  if (present - newest > STALE_MS) {
    return [
      `No open incident up to ${nearTime(newest, present)}`,
      'Nothing has been counted since: what happened after that is not known.',
    ];
  }
  return ['No open incident', 'When errors form a pattern, it appears here with its cause and what to do.'];
}

/** @param {[title: string, text: string]} text */
function calm([title, text]) {
  const isHealthy = title === 'No open incident';
  return h(
    'div',
    { class: `calm ${isHealthy ? 'healthy' : ''}` },
    icon(isHealthy ? CHECK : QUESTION),
    h('p', {}, h('b', {}, title), text),
  );
}
