// @ts-check
import { words } from './format.js';

/** @type {import('../api.ts').KindsAnswer} */
let known = { kinds: {}, parties: {} };

/**
 * Takes over the titles from the server's tables.
 * @param {import('../api.ts').KindsAnswer} answer
 */
export function learnNames(answer) {
  known = answer;
}

/**
 * The title of a kind of incident.
 * @param {string} kind
 */
export function kindName(kind) {
  return known.kinds[kind]?.title ?? words(kind);
}

/**
 * The title of the party that must act, or whose fault a class is.
 * @param {string} party
 */
export function partyName(party) {
  return known.parties[party] ?? words(party);
}

/**
 * Every kind with its title.
 * @returns {[kind: string, title: string][]}
 */
export function kindNames() {
  return Object.entries(known.kinds).map(([kind, { title }]) => [kind, title]);
}

/**
 * Every party with its title.
 * @returns {[party: string, title: string][]}
 */
export function partyNames() {
  return Object.entries(known.parties);
}

/** @type {Record<string, string>} */
const retryNames = {
  yes: 'Retry with back-off',
  after_wait: 'Retry after waiting',
  no: 'Do not retry',
};

/**
 * Says in words whether repeating a request can help.
 * @param {string} retry
 */
export function retryName(retry) {
  return retryNames[retry] ?? retry;
}
