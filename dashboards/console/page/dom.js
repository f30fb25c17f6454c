// @ts-check
import { visible } from './visible-text.js';

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * Creates an element with attributes and children. Texts become text nodes, so that data can never become markup, and
 * invisible characters become visible. Functions are listeners (`onclick`); they are set as properties, so that a
 * redraw can replace them. `true` sets an attribute, `false` omits it.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, unknown>} [attributes]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') {
      Object.assign(element, { [name]: value });
    } else {
      const text = value === true ? '' : String(value);
      element.setAttribute(name, isShown(name) ? visible(text) : text);
    }
  }
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : visible(String(child)));
  }
  return element;
}

/** Whether people read an attribute. @param {string} name */
function isShown(name) {
  return name === 'title' || name === 'aria-label';
}

/** A name up to this length is never broken. */
const SHORT = 24;

/**
 * Shows a name or text that comes from data, such as the name of an organization. If it is written from right to left,
 * the text around it stays as it is. A long text breaks anywhere and is cut after three lines; the whole text appears
 * on hover.
 * @param {string} text
 */
export function nameText(text) {
  return text.length <= SHORT
    ? h('bdi', { class: 'nowrap' }, text)
    : h('bdi', { class: 'long', title: text }, text);
}

/**
 * The element with an id; throws when the page has none.
 * @param {string} id
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}

/**
 * A small square in a colour. Colours come from the server, so they are set as a property and never as markup.
 * @param {string} color
 */
export function swatch(color) {
  const square = h('span', { class: 'swatch', 'aria-hidden': 'true' });
  square.style.backgroundColor = color;
  return square;
}

/**
 * A line icon of 24 by 24 in the colour of the text.
 * @param {string} path
 */
export function icon(path) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('class', 'line-icon');
  const line = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  line.setAttribute('d', path);
  svg.append(line);
  return svg;
}
