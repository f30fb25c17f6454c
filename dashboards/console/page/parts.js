// @ts-check
import { h, longText } from './dom.js';
import { visible } from './visible-text.js';

/**
 * Draws a part of the page. An error in one part does not affect the others.
 * @template Drawn
 * @param {string} name
 * @param {() => Drawn} draw
 */
export function drawPart(name, draw) {
  try {
    return draw();
  } catch (error) {
    console.error(`${name} cannot be drawn`, error);
    return undefined;
  }
}

/** @param {unknown} error */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/** A line that says why the page is not up to date; hidden while it is. */
export function createTrouble() {
  const element = h('p', { class: 'trouble', role: 'status', hidden: true });
  return {
    element,
    clear() {
      element.hidden = true;
    },
    /** @param {unknown} error */
    tell(error) {
      element.textContent = visible(`Not up to date: ${messageOf(error)}`);
      element.hidden = false;
    },
  };
}

/**
 * A line with a note about a comparison. If the note is about an incident, the line has a link to it.
 * @param {import('../v1/explain.ts').ExplainAnswer['notes'][number]} note
 */
export function noteLine({ text, incident }) {
  return h(
    'p',
    { class: 'note' },
    longText(text),
    incident !== null && ' ',
    incident !== null && h('a', { href: `/incidents/${encodeURIComponent(incident)}` }, 'Show the incident'),
  );
}
