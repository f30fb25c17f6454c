// @ts-check
import { h } from './dom.js';

let isActing = true;

/**
 * Keeps what the token of this page allows.
 * @param {import('../v1/access.ts').AccessAnswer} answer
 */
export function learnRole({ role }) {
  isActing = role === 'act';
}

/** Whether the server lets this page acknowledge, silence and count. */
export function mayAct() {
  return isActing;
}

/** Says why there are no buttons. */
export function onlyReads() {
  return h('p', { class: 'faint', 'data-key': 'only-reads' }, 'You are logged in for reading only.');
}
