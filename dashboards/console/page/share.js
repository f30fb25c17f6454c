// @ts-check
import { addressOf, rangeQuery, rangeSeconds } from './view-state.js';

/** @typedef {import('./view-state.js').View} View */

/** Where commands find the counts that the page shows; null: where the settings say. @type {string | null} */
let dataDirectory = null;

/** @param {string | null} directory */
export function learnDataDirectory(directory) {
  dataDirectory = directory;
}

/**
 * A command that reads the store that the page shows.
 * @param {string} text without `faultline`
 */
export function command(text) {
  const isReading = text !== 'try' && dataDirectory !== null;
  return `faultline ${text}${isReading ? ` --data ${quoted(dataDirectory ?? '')}` : ''}`;
}

/**
 * Whether a command must wait until the process that serves the page has ended, because only one process can open a
 * data directory.
 */
export function isStoreTaken() {
  return dataDirectory !== null;
}

/**
 * Ways to get elsewhere what a page shows: a link, a request to the API, a command for a terminal.
 * @param {View} view
 * @param {string} origin such as `http://127.0.0.1:7070`
 * @returns {{name: string, text: string}[]}
 */
export function waysTo(view, origin) {
  const request = requestFor(view);
  const asked = commandFor(view);
  return [
    { name: 'Link', text: `${origin}${addressOf(view)}` },
    ...(request === null ? [] : [{ name: 'curl', text: `curl ${quoted(`${origin}${request}`)}` }]),
    ...(asked === null ? [] : [{ name: 'Command', text: command(asked) }]),
  ];
}

/**
 * The API request that answers what a page shows; null when there is none.
 * @param {View} view
 */
export function requestFor(view) {
  const { page, id, options } = view;
  const query = rangeQuery(view);
  for (const [name, value] of Object.entries(view.filters)) query.append('where', conditionOf(name, [value]));
  if (page === 'incidents') {
    return id === null
      ? `/api/v1/incidents?${new URLSearchParams(options)}`.replace(/\?$/, '')
      : `/api/v1/incidents/${encodeURIComponent(id)}`;
  }
  if (page === 'overview') return '/api/v1/incidents?state=open';
  if (page === 'classes') return '/api/v1/classes';
  if (page === 'pipeline') return '/api/v1/pipeline';
  if (page === 'explore') return `/api/v1/trends?${withOptions(query, options, ['by', 'where', 'step'])}`;
  if (page === 'differs') return `/api/v1/explain?${withOptions(query, options, ['by', 'where', 'class'])}`;
  if (page === 'errors') return `/api/v1/errors?${withOptions(query, options, ['class', 'q', 'where'])}`;
  return null;
}

/**
 * The command that prints what a page shows; null when there is none.
 * @param {View} view
 */
export function commandFor(view) {
  const { page, id, options } = view;
  const where = [
    ...Object.entries(view.filters).map(([name, value]) => conditionOf(name, [value])),
    ...wheres(options['where']),
  ].map((text) => ` --where ${quoted(text)}`);
  if (page === 'incidents') return id === null ? 'incidents' : `incidents ${id} --timeline`;
  if (page === 'overview') return 'incidents --state firing';
  if (page === 'pipeline') return 'doctor';
  if (page === 'explore') {
    const [since, until] = ends(view);
    return `trends --by ${options['by'] ?? 'class'} --since ${since}${until === null ? '' : ` --until ${until}`}${where.join('')}`;
  }
  if (page === 'differs') {
    const [from, to] = ends(view);
    const cls = options['class'] === undefined ? '' : ` --class ${options['class']}`;
    return `explain --from ${from}${to === null ? '' : ` --to ${to}`}${cls}${where.join('')}`;
  }
  return page === 'try' ? 'try' : null;
}

/**
 * Splits the conditions in the page's address, which are one text with one condition per line.
 * @param {string | undefined} text
 */
export function wheres(text) {
  return (text ?? '').split('\n').filter((one) => one !== '');
}

/**
 * The conditions that select the requests in a scope of an incident or an explanation, in the form that `wheres` reads.
 * The class is left out, because it says how a request ended, not where it belongs.
 * @param {Readonly<Record<string, string | undefined>>} scope
 */
export function conditionsOf(scope) {
  return Object.entries(scope)
    .filter(([name]) => name !== 'class')
    .map(([name, value]) => conditionOf(name === 'key' ? 'api_key' : name, [value ?? '']))
    .join('\n');
}

/**
 * The condition that a dimension has one of these values, or none of them, in the form that the API and the commands
 * read.
 * @param {string} dimension
 * @param {readonly string[]} values
 * @param {boolean} [isLeftOut]
 */
export function conditionOf(dimension, values, isLeftOut = false) {
  // A comma separates values, so a comma within a value gets a backslash in front. A backslash that would be read as an
  // escape gets one, too.
  const escaped = values.map((value) => value.replaceAll(/\\(?=[\\,])|\\$|,/g, '\\$&'));
  return `${dimension}${isLeftOut ? '!=' : '='}${escaped.join(',')}`;
}

/** @param {View} view @returns {[string, string | null]} */
function ends(view) {
  if (typeof view.range === 'string') return [`${Math.round(rangeSeconds(view) / 60)}m`, null];
  return [new Date(view.range.from).toISOString(), new Date(view.range.to).toISOString()];
}

/**
 * @param {URLSearchParams} query
 * @param {Record<string, string>} options
 * @param {readonly string[]} names
 */
export function withOptions(query, options, names) {
  for (const name of names) {
    for (const value of name === 'where' ? wheres(options[name]) : [options[name] ?? '']) {
      if (value !== '') query.append(name, value);
    }
  }
  return query;
}

/**
 * A text as one word of a shell.
 * @param {string} text
 */
export function quoted(text) {
  return /^[\w./:=,@+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
