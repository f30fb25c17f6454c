// @ts-check
import { addConditions } from './query-bar.js';
import { h } from './dom.js';
import { duration, fullTime, zoneName } from './format.js';
import { partyName, retryName } from './names.js';
import { conditionOf } from './share.js';

/** @typedef {import('./context.js').PageContext} PageContext */
/** @typedef {import('../v1/errors.ts').ErrorsAnswer['errors'][number]} Failure */

/** The dimensions of a failure: title, field of the failure, and name in a condition. */
const places = /** @type {const} */ ([
  ['Provider', 'provider', 'provider'],
  ['Organization', 'org', 'org'],
  ['Project', 'project', 'project'],
  ['Key', 'key', 'api_key'],
  ['Client', 'client', 'client'],
  ['Region', 'region', 'region'],
  ['Model', 'model', 'model'],
  ['Endpoint', 'endpoint', 'endpoint'],
]);

/**
 * Everything that is stored about one failure. A click on the value of a dimension keeps only failures with this value.
 * @param {Failure} failure
 * @param {PageContext} context
 */
export function failureFacts(failure, context) {
  const time = Date.parse(failure.ts);
  const { class: name, wait_seconds: wait } = failure;
  return h(
    'div',
    { class: 'failure-facts' },
    h('p', { class: 'wrap' }, h('bdi', {}, failure.message === '' ? 'It has no text.' : failure.message)),
    h(
      'dl',
      { class: 'evidence' },
      fact('Time', `${fullTime(time)} ${zoneName()}`),
      fact('Class', context.classes.get(name)?.title ?? name),
      fact('Which limit', failure.subclass),
      fact('By rule', failure.rule),
      fact('Whose fault', partyName(failure.fault)),
      fact('Retry', retryName(failure.retry)),
      fact('Told to wait', wait === null ? '' : duration(wait * 1_000)),
      fact('Status', failure.status === 0 ? 'no answer' : String(failure.status)),
      fact('Code', failure.code),
      fact('Type', failure.type),
      ...places.map(([title, field, dimension]) =>
        fact(title, failure[field], () => addConditions(context, [conditionOf(dimension, [failure[field]])])),
      ),
      fact('Retries before it', String(failure.retry_count)),
      fact('Request id', failure.request_id),
    ),
  );
}

/**
 * @param {string} title
 * @param {string} value empty: not known, so the fact is left out
 * @param {() => void} [keep] keeps only failures with this value
 */
function fact(title, value, keep) {
  if (value === '') return null;
  const text = h('bdi', {}, value);
  return h(
    'div',
    { 'data-key': title },
    h('dt', {}, title),
    h(
      'dd',
      { class: 'wrap' },
      keep === undefined
        ? text
        : h(
            'button',
            { type: 'button', class: 'cell-link', title: `Only this ${title.toLowerCase()}`, onclick: keep },
            text,
          ),
    ),
  );
}
