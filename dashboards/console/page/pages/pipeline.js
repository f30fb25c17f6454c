// @ts-check
import { h } from '../dom.js';
/** @returns {import('../context.js').Page} */
export function createPage() {
  return { element: h('p', {}, 'soon'), refresh: () => Promise.resolve() };
}
