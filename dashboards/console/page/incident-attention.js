// @ts-check
import { h, longText } from './dom.js';
import { nearTime, words } from './format.js';
import { kindName } from './names.js';
import { messageOf } from './parts.js';
import { post } from './requests.js';
import { mayAct, onlyReads } from './role.js';

/** @typedef {import('../v1/incidents.ts').IncidentsAnswer['incidents'][number]} IncidentItem */
/** @typedef {NonNullable<IncidentItem['attention']>} Attention */

/** How long the page shows the result of an action. After that, the lines about what is in force say enough. */
const SAID_MS = 10_000;
/** Time after an answer in which another press of the same button counts as the second one of a double click. */
const DOUBLE_MS = 1_000;

/**
 * What people said about incidents, and the form in which they acknowledge and silence them. Each part of the page that
 * shows incidents creates its own.
 * @param {() => void} again called after a change; starts a round at once
 */
export function createAttention(again) {
  /** What the last action on an incident led to, by id. @type {Map<string, string>} */
  const said = new Map();
  /**
   * Actions that are not answered or were answered just now: the second press of a double click sends nothing, because a
   * second silence would have to be ended, too.
   * @type {Set<string>}
   */
  const busy = new Set();
  /** The button that was pressed last. A redraw may remove it. @type {HTMLElement | null} */
  let pressed = null;
  /** The line that shows the result of this press. @type {HTMLElement | null} */
  let saying = null;

  /**
   * @param {string} id of the incident
   * @param {string} action
   * @param {Event} event
   * @param {(note: string) => Promise<unknown>} request
   * @param {string} done
   */
  const act = async (id, action, event, request, done) => {
    const press = `${id} ${action}`;
    if (busy.has(press)) return;
    busy.add(press);
    const button = /** @type {HTMLElement} */ (event.currentTarget);
    const form = button.closest('[data-key="acting"]');
    // Reads the note from the field on the page, because a redraw keeps the first field with the text that was typed.
    const note = /** @type {HTMLInputElement | null} */ (form?.querySelector('input'))?.value ?? '';
    const line = /** @type {HTMLElement | null} */ (form?.parentElement?.querySelector('.said') ?? null);
    const tell = (/** @type {string} */ text) => {
      said.set(id, text);
      setTimeout(() => said.get(id) === text && said.delete(id), SAID_MS);
      if (line !== null) line.textContent = text;
    };
    try {
      await request(note);
      tell(done);
      [pressed, saying] = [button, line];
      setTimeout(() => busy.delete(press), DOUBLE_MS);
      again();
    } catch (error) {
      busy.delete(press);
      tell(messageOf(error));
    }
  };

  return {
    /**
     * What is in force, the result of the last action, and for an open incident the form.
     * @param {IncidentItem} incident
     * @param {number} present epoch ms of event time
     */
    parts(incident, present) {
      const { id, attention } = incident;
      return [
        ...standing(incident, present),
        h('p', { role: 'status', class: 'said', 'data-key': 'said', tabindex: '-1' }, said.get(id) ?? ''),
        incident.state !== 'resolved' && (mayAct() ? form(incident, attention, act) : onlyReads()),
      ];
    },
    /**
     * Must be called after a redraw. If the redraw removed the button that was pressed, the focus goes to the result.
     */
    keepFocus() {
      if (pressed === null || pressed.isConnected) return;
      if (document.activeElement === document.body) saying?.focus({ preventScroll: true });
      pressed = null;
    },
  };
}

/** @param {IncidentItem} incident @param {number} present */
function standing({ state, attention }, present) {
  if (attention === null) {
    return [
      h(
        'p',
        { class: 'none', 'data-key': 'none' },
        state === 'resolved'
          ? 'No acknowledgement or silence is in force.'
          : 'Nobody has acknowledged it, and no silence is in force.',
      ),
    ];
  }
  const { acknowledged } = attention;
  return [
    said(attention, present),
    acknowledged !== undefined && said({ state: 'acknowledged', ...acknowledged }, present),
  ];
}

/** @param {Pick<Attention, 'state' | 'by' | 'note' | 'until'>} what @param {number} present */
function said({ state, by, note, until }, present) {
  return h(
    'p',
    { 'data-key': state },
    h('b', {}, words(state)),
    by === '' ? '' : [' by ', longText(by)],
    until === undefined ? '' : ` until ${nearTime(Date.parse(until), present)} by the clock`,
    note === '' ? '' : [': ', longText(note)],
  );
}

/**
 * @param {IncidentItem} incident
 * @param {Attention | null} attention
 * @param {(id: string, action: string, event: Event, request: (note: string) => Promise<unknown>, done: string) => void} act
 */
function form({ id, kind, scope }, attention, act) {
  const path = `/api/v1/incidents/${encodeURIComponent(id)}/acknowledge`;
  const isAcknowledged = attention?.state === 'acknowledged' || attention?.acknowledged !== undefined;
  const silenceId = attention?.state === 'silenced' ? attention.silence : undefined;
  /**
   * @param {string} title
   * @param {(note: string) => Promise<unknown>} request
   * @param {string} done
   * @param {string} [action] what is done, where the title alone does not say it
   */
  const button = (title, request, done, action = title) =>
    h(
      'button',
      {
        type: 'button',
        class: 'quiet',
        'data-key': title,
        onclick: (/** @type {Event} */ event) => act(id, action, event, request, done),
      },
      title,
    );
  /** @param {string} length */
  const silence = (length) => (/** @type {string} */ note) =>
    post('/api/v1/silences', { kinds: [kind], scope, for: length, note });
  return h(
    'div',
    {
      class: 'bar acting',
      'data-key': 'acting',
      role: 'group',
      'aria-label': `What to say about ${kindName(kind)}`,
    },
    h('input', {
      type: 'text',
      class: 'field broad',
      'data-key': 'note',
      'aria-label': 'Note for the others',
      placeholder: 'who, why',
      maxlength: '200',
    }),
    isAcknowledged
      ? button('Take the acknowledgement back', (note) => post(path, { withdraw: true, note }), 'Taken back.')
      : button('Acknowledge', (note) => post(path, { note }), 'Acknowledged.'),
    // Maintenance windows have no button, because a button would end all later windows too. `faultline silence end`
    // ends them.
    silenceId !== undefined &&
      button(
        'End the silence',
        () => post(`/api/v1/silences/${encodeURIComponent(silenceId)}/end`, {}),
        'The silence has ended.',
        `end ${silenceId}`,
      ),
    button('Silence for 1 h', silence('1h'), 'Silenced for an hour from now.'),
    button('Silence for 1 day', silence('24h'), 'Silenced for a day from now.'),
  );
}
