// @ts-check
import { byId, h, icon } from './dom.js';
import { nearTime } from './format.js';
import { incidentCard, kindName, resolvedCard } from './incident-card.js';

/** @typedef {import('../../../domain/incident.ts').Incident} Incident */

/** Older than this, counts say nothing of the present. */
const STALE_MS = 600_000;
const QUESTION =
  'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Zm-2.6 6.8a2.6 2.6 0 1 1 3.6 2.4c-.7.3-1 .8-1 1.6m0 2.6v.1';
const CHECK = 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Zm-4 9.3 2.8 2.8L16.2 9.5';

/** The list of incidents: open ones in full, resolved ones below in a line each. */
export function createIncidentList() {
  const open = byId('incidents-open');
  const resolved = byId('resolved-list');
  /** @type {Map<string, {shape: string, tick: (now: number) => void, element: HTMLElement}>} */
  const cards = new Map();
  /** @type {Set<string> | null} */
  let known = null;
  let resolvedShape = '';

  return {
    /**
     * @param {readonly Incident[]} incidents
     * @param {number} present epoch ms of event time
     * @param {number | null} newest last interval with a count, epoch ms
     */
    update(incidents, present, newest) {
      const current = incidents.filter(({ state }) => state !== 'resolved').sort(mostSevereFirst);
      announce(current, known);
      known = new Set(current.map(({ id }) => id));
      for (const [id, { element }] of cards) {
        if (known.has(id)) continue;
        element.remove();
        cards.delete(id);
      }
      current.forEach((incident, place) => {
        const shape = JSON.stringify(incident);
        const old = cards.get(incident.id);
        if (old?.shape === shape) old.tick(present);
        else {
          const { element, tick } = incidentCard(incident, present);
          if (old !== undefined) keepPlace(old.element, element);
          cards.set(incident.id, { shape, tick, element });
        }
        const element = cards.get(incident.id)?.element;
        if (element !== undefined && open.children[place] !== element)
          open.insertBefore(element, open.children[place] ?? null);
      });
      if (current.length === 0) {
        const text = calmText(present, newest);
        if (open.textContent !== text.join('')) open.replaceChildren(calm(text));
      } else open.querySelector('.calm')?.remove();
      const count = byId('incidents-count');
      count.hidden = current.length === 0;
      count.textContent = String(current.length);
      document.title = current.length === 0 ? 'faultline' : `(${current.length}) faultline`;
      updateResolved(
        incidents.filter(({ state }) => state === 'resolved'),
        present,
      );
    },
    /** Renews what changes with time alone. @param {number} present */
    tick(present) {
      for (const { tick } of cards.values()) tick(present);
    },
    /** Draws everything anew at the next update: times are written in another zone. */
    forget() {
      for (const card of cards.values()) card.shape = '';
      resolvedShape = '';
    },
    /** @param {string} message */
    fail(message) {
      if (cards.size > 0) return;
      open.replaceChildren(
        h('p', { class: 'trouble calm', role: 'status' }, `Incidents cannot be read: ${message}`),
      );
    },
  };

  /**
   * @param {Incident[]} incidents
   * @param {number} present
   */
  function updateResolved(incidents, present) {
    const shape = JSON.stringify(incidents);
    if (shape === resolvedShape) return;
    resolvedShape = shape;
    byId('incidents-resolved').hidden = incidents.length === 0;
    byId('resolved-count').textContent = String(incidents.length);
    const next = h('div', {}, ...incidents.slice(0, 50).map((incident) => resolvedCard(incident, present)));
    keepPlace(resolved, next);
    resolved.replaceChildren(...next.children);
  }
}

const SEVERITIES = ['critical', 'warning', 'info'];

/** @type {(a: Incident, b: Incident) => number} */
function mostSevereFirst(a, b) {
  const firing = Number(b.state === 'firing') - Number(a.state === 'firing');
  const severity = SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity);
  return firing || severity || b.started_at.localeCompare(a.started_at) || a.id.localeCompare(b.id);
}

/**
 * Says to screen readers what has opened since the last look; not what was there when the page came.
 * @param {Incident[]} current
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
 * Puts a new drawing in the place of an old one: what was open stays open, what had the focus keeps it.
 * @param {HTMLElement} old
 * @param {HTMLElement} next
 */
function keepPlace(old, next) {
  const active = document.activeElement;
  for (const before of old.querySelectorAll('details')) {
    const after = next.querySelector(
      `details[data-incident="${CSS.escape(before.dataset['incident'] ?? '')}"].${before.classList[0]}`,
    );
    if (!(after instanceof HTMLDetailsElement)) continue;
    after.open = before.open;
    if (active instanceof HTMLElement && active.parentElement === before) {
      queueMicrotask(() => after.querySelector('summary')?.focus());
    }
  }
  if (old.parentElement !== null && old.classList.contains('incident')) old.replaceWith(next);
}

/**
 * Healthy, out of date, and nothing to judge are three answers.
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
