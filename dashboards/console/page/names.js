// @ts-check
import { words } from './format.js';

/** @type {ReadonlyMap<string, string>} */
let kinds = new Map();
/** @type {import('../v1/catalogue.ts').KindsAnswer['parties']} */
let parties = {};

/**
 * Keeps the titles of kinds and parties that the server sent.
 * @param {import('../v1/catalogue.ts').KindsAnswer} answer
 */
export function learnNames(answer) {
  kinds = new Map(answer.kinds.map(({ name, title }) => [name, title]));
  parties = answer.parties;
}

/**
 * The title of a kind of incident.
 * @param {string} kind
 */
export function kindName(kind) {
  return kinds.get(kind) ?? words(kind);
}

/**
 * The title of a party.
 * @param {string} party
 */
export function partyName(party) {
  return parties[party] ?? words(party);
}

/**
 * Every kind with its title.
 * @returns {[kind: string, title: string][]}
 */
export function kindNames() {
  return [...kinds];
}

/**
 * Every party with its title.
 * @returns {[party: string, title: string][]}
 */
export function partyNames() {
  return Object.entries(parties);
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
