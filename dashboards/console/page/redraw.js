// @ts-check

/** @typedef {import('./dom.js').Child} Child */

/**
 * Shows new content in an element, and keeps the nodes that are already there: a refresh must not disturb the reader's
 * focus, half-done click, open menu, selected text or scroll position. Two nodes are the same when tag and place are
 * equal; `data-key` identifies a node that may move. `data-own` marks a node that draws its own content.
 * @param {Element} host
 * @param {...(Child | Child[])} children
 */
export function redraw(host, ...children) {
  const wanted = children
    .flat()
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : document.createTextNode(String(child))));
  morphChildren(host, wanted);
}

/**
 * Changes a node so that it looks like its new drawing.
 * @param {Node} old
 * @param {Node} next
 */
function morph(old, next) {
  if (old === next) return;
  if (!(old instanceof Element) || !(next instanceof Element)) {
    if (old.nodeValue !== next.nodeValue) old.nodeValue = next.nodeValue;
    return;
  }
  for (const { name } of [...old.attributes]) {
    if (isCopied(name) && !next.hasAttribute(name)) old.removeAttribute(name);
  }
  for (const { name, value } of next.attributes) {
    if (isCopied(name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  if (old instanceof HTMLElement && next instanceof HTMLElement) {
    // Takes over the listeners of the new drawing, because they know the new values.
    old.onclick = next.onclick;
    old.onchange = next.onchange;
    if (old.style.cssText !== next.style.cssText) old.style.cssText = next.style.cssText;
  }
  if (old.hasAttribute('data-own')) return;
  morphChildren(old, [...next.childNodes]);
  if (old instanceof HTMLSelectElement && next instanceof HTMLSelectElement && old.value !== next.value)
    old.value = next.value;
}

/**
 * Whether an attribute is copied from the new drawing. `open` is not, because the reader opens and closes details;
 * `style` is not, because the content security policy forbids style attributes; `morph` sets `style.cssText` instead.
 * @param {string} name
 */
function isCopied(name) {
  return name !== 'open' && name !== 'style';
}

/**
 * @param {Element} host
 * @param {readonly Node[]} wanted
 */
function morphChildren(host, wanted) {
  const before = [...host.childNodes];
  /** @type {Map<string, Node>} */
  const keyed = new Map(before.flatMap((node) => (keyOf(node) === '' ? [] : [[keyOf(node), node]])));
  const free = before.filter((node) => keyOf(node) === '');
  const after = wanted.map((next) => {
    const old = before.includes(/** @type {ChildNode} */ (next)) ? next : take(keyed, free, next);
    if (old === undefined) return next;
    morph(old, next);
    return old;
  });
  for (const node of before) if (!after.includes(node)) node.remove();
  place(host, after);
}

/**
 * The existing node that is changed into a new one; undefined: none fits.
 * @param {Map<string, Node>} keyed
 * @param {ChildNode[]} free nodes without a key, in order; those before the one that is taken are not used again
 * @param {Node} next
 */
function take(keyed, free, next) {
  const key = keyOf(next);
  if (key !== '') {
    const old = keyed.get(key);
    return old?.nodeName === next.nodeName ? old : undefined;
  }
  const at = free.findIndex((node) => node.nodeName === next.nodeName);
  return at < 0 ? undefined : free.splice(0, at + 1).at(-1);
}

/**
 * Puts the children into their order. A node that is moved loses the focus, so the node with the focus stays and the
 * others move around it.
 * @param {Element} host
 * @param {readonly Node[]} order
 */
function place(host, order) {
  if (order.every((node, at) => host.childNodes[at] === node)) return;
  const active = document.activeElement;
  const still = order.find((node) => active !== null && node.parentNode === host && node.contains(active));
  const at = still === undefined ? order.length : order.indexOf(still);
  for (const node of order.slice(0, at)) host.insertBefore(node, still ?? null);
  for (const node of order.slice(at + 1)) host.append(node);
}

/** @param {Node} node */
function keyOf(node) {
  return node instanceof HTMLElement ? (node.dataset['key'] ?? '') : '';
}
