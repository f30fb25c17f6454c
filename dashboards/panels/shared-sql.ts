import { errorClasses, type Fault, type RequestClass, requestClassNames } from '../../domain/error-class.ts';
import { parties, partyNames, type Party } from '../../domain/incident.ts';
import { factsOf, incidentKindNames } from '../../domain/incident-kind.ts';

/** Colour of each class on every chart, by its name. */
export const classColors: Readonly<Record<string, string>> = Object.fromEntries(
  requestClassNames.map((name) => [name, errorClasses[name].color]),
);

/** Colour of each party on every chart. `Party` has more values than `Fault`: some can only be found by comparison. */
export const partyColors: Readonly<Record<Fault | Party, string>> = {
  provider: '#c4162a',
  network: '#806eb7',
  account: '#e0226e',
  key: '#a352cc',
  traffic: '#fa6400',
  request: '#8ab8ff',
  region: '#5794f2',
  gateway: '#b8860b',
  pipeline: '#6ed0e0',
  unknown: '#8e8e8e',
};

/** SQL that turns the column `class` into the party who must act, as far as the class alone says. */
export const faultOfClass = sqlMap('class', (name) => errorClasses[name].fault, 'unknown');

/** The classes of failures by whose fault they are. */
export const classesOfFault: Readonly<Record<string, readonly RequestClass[]>> = Object.groupBy(
  requestClassNames.filter((name) => name !== 'ok'),
  (name) => errorClasses[name].fault,
) as Record<string, RequestClass[]>;

/** SQL list of the classes that are the provider's fault. */
export const providerClasses = sqlList(classesOfFault['provider'] ?? []);

/** Classes that refuse a caller or its location: answers 401 and 403 of the guide. */
export const accessClassNames = requestClassNames.filter(
  (name) => /^40[13] /.test(errorClasses[name].guide ?? '') || name === 'permission_denied',
);
export const accessClasses = sqlList(accessClassNames);

/** SQL list of the kinds of incident that are about one of these classes. */
export function kindsAbout(classes: readonly RequestClass[]): string {
  // An empty list would be invalid SQL, so it always has the empty name, which no kind has.
  return sqlList(['', ...incidentKindNames.filter((kind) => classes.includes(factsOf(kind).class))]);
}

/**
 * SQL for the page below docs/incidents that a row of `incidents` leads to, as a name without its ending: the page of
 * its kind, or `gateway` if that is the party of the verdict.
 */
export const pageOfIncident = `if(verdict_party = 'gateway', 'gateway', replaceAll(toString(kind), '_', '-'))`;

/** SQL for the title of the kind, and of the party that must act, of a row of `incidents`. */
export const titleOfKind = `transform(toString(kind), ${sqlList(incidentKindNames, '[]')}, ${sqlList(
  incidentKindNames.map((kind) => factsOf(kind).title),
  '[]',
)}, toString(kind))`;
export const titleOfParty = `transform(toString(verdict_party), ${sqlList(partyNames, '[]')}, ${sqlList(
  partyNames.map((party) => parties[party]),
  '[]',
)}, toString(verdict_party))`;

/** SQL for the scope of a row of `incidents` as one text, broadest part first; `everything` when the scope is empty. */
export const scopeOfIncident = `if(empty(JSONExtractKeys(scope)), 'everything', arrayStringConcat(arrayMap(k -> concat(k, ' ', JSONExtractString(scope, k)), arrayFilter(k -> JSONHas(scope, k), ['provider', 'org', 'project', 'model', 'key', 'client', 'region', 'class'])), ', '))`;

function sqlMap(column: string, value: (name: RequestClass) => string, fallback: string): string {
  const names = requestClassNames.filter((name) => value(name) !== fallback);
  return `transform(toString(${column}), ${sqlList(names, '[]')}, ${sqlList(names.map(value), '[]')}, '${fallback}')`;
}

/** SQL for the steps of the remedy of a row of `incidents`, numbered, one per line. */
export const stepsOfIncident = `arrayStringConcat(arrayMap((step, n) -> concat(toString(n), '. ', step), JSONExtract(remedy, 'steps', 'Array(String)') AS list, arrayEnumerate(list)), '\\n')`;

// Names and titles come only from faultline's own closed tables, and domain/evidence.test.ts
// ensures that none contains a quote, a backslash or a dollar sign, so nothing is escaped.
export function sqlList(names: readonly string[], brackets: '()' | '[]' = '()'): string {
  return `${brackets[0]}${names.map((name) => `'${name}'`).join(', ')}${brackets[1]}`;
}
