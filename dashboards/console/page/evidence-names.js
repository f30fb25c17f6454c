// @ts-check
import { h, longText } from './dom.js';
import { duration, fullTime, number } from './format.js';

/** @typedef {import('../../../domain/evidence.ts').EvidenceField} EvidenceField */
/** @typedef {import('../../../domain/incident.ts').Incident['evidence']} Evidence */

/** @type {ReadonlyMap<string, EvidenceField>} */
let fields = new Map();

/**
 * Takes over labels, units, moments and words of all fields from the server's table.
 * @param {Readonly<Record<string, EvidenceField>>} table
 */
export function learnEvidence(table) {
  fields = new Map(Object.entries(table));
}

/**
 * The label of a field. A field of another version of faultline may have no label; it is shown by its name in the
 * evidence.
 * @param {string} name
 */
export function evidenceName(name) {
  return fields.get(name)?.label ?? name;
}

/**
 * The text that shows one value of the evidence.
 * @param {string} name
 * @param {Evidence[string]} value
 */
export function evidenceText(name, value) {
  const field = fields.get(name);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value))
    return value.length === 0 ? '–' : value.map((one) => inWords(one, field)).join(', ');
  if (typeof value === 'string') {
    const time = /^\d{4}-\d\d-\d\dT.*Z$/.test(value) ? Date.parse(value) : Number.NaN;
    return Number.isNaN(time) ? inWords(value, field) : fullTime(time);
  }
  const unit = field?.unit ?? 'count';
  if (unit === 'ratio' || unit === 'usd') return number(value, unit);
  if (unit === 'seconds') return duration(value * 1_000);
  return unit === 'times' ? `${number(value, 'count')} times` : number(value, 'count');
}

/**
 * The words for a code word, which may be followed by more, as in `server_error 41`.
 * @param {string} text
 * @param {EvidenceField | undefined} field
 */
function inWords(text, field) {
  const code = /^\w+/.exec(text)?.[0] ?? '';
  const words = new Map(Object.entries(field?.words ?? {})).get(code);
  return words === undefined ? text : `${words}${text.slice(code.length)}`;
}

/**
 * Titles of the moments, in the order in which they are shown; `then` is for the numbers with which the incident fired.
 * @type {Readonly<Record<import('../../../domain/evidence.ts').EvidenceMoment, Readonly<Record<'firing' | 'resolved' | 'then', string>>>>}
 */
const MOMENTS = {
  in_all: {
    firing: 'In all, since it began',
    resolved: 'In all, from its start to its end',
    then: 'From its start until then',
  },
  latest: {
    firing: 'In the last window, now',
    resolved: 'In the last window, when its end was found',
    then: 'In the last window then',
  },
  before: { firing: 'Before it began', resolved: 'Before it began', then: 'Before it began' },
  found: { firing: 'When it fired', resolved: 'When it fired', then: 'Then' },
  fixed: { firing: 'Facts', resolved: 'Facts', then: 'Facts' },
};

/**
 * One list of evidence for each moment, under the title of the moment, so that numbers of different moments do not seem
 * to contradict each other. Moments without evidence are left out.
 * @param {Evidence} evidence
 * @param {'firing' | 'resolved' | 'then'} state
 */
export function evidenceLists(evidence, state) {
  const said = Object.entries(evidence).filter(
    ([, value]) => value !== '' && !(Array.isArray(value) && value.length === 0),
  );
  return Object.entries(MOMENTS).flatMap(([moment, titles]) => {
    const own = said.filter(([name]) => (fields.get(name)?.moment ?? 'fixed') === moment);
    if (own.length === 0) return [];
    return [
      h('p', { class: 'moment' }, titles[state]),
      h(
        'dl',
        { class: 'evidence' },
        ...own.map(([name, value]) =>
          h('div', {}, h('dt', {}, evidenceName(name)), h('dd', {}, longText(evidenceText(name, value)))),
        ),
      ),
    ];
  });
}
