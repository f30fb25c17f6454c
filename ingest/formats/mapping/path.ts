import { isNothing } from '../../fields/nothing.ts';
import { jsonInText } from './json-in-text.ts';

/** The name of a member, an index from 0, or -1 for the last element. */
export type PathStep = string | number;
/** Steps from the outside in. */
export interface Path {
  /** True for `$$`: the path starts at the whole message; otherwise at the record. */
  fromMessage: boolean;
  steps: readonly PathStep[];
}
/** A path in which `EACH` stands for every element of a list. */
export interface PathToMany {
  fromMessage: boolean;
  steps: readonly (PathStep | typeof EACH)[];
}
export const EACH = Symbol('each');

/** Names that every object or list inherits. */
const INHERITED: ReadonlySet<PathStep> = new Set([
  ...Object.getOwnPropertyNames(Object.prototype),
  ...Object.getOwnPropertyNames(Array.prototype),
]);

const STEP =
  /\.?([^.[\]"'$\s][^.[\]"'\s]*)|\[(-1|\d{1,6})\]|\[(\*)\]|\["((?:[^"\\]|\\.)*)"\]|\['((?:[^'\\]|\\.)*)'\]/y;

/**
 * Parses a path such as `$.a.b[0].c`, `a.b`, `$["x.y"]`, `$.list[-1]` or `$$.outer`. Returns the position of the first
 * wrong character when the path is wrong.
 */
export function parsePath(text: string): Path | number {
  const parsed = parsePathToMany(text);
  if (typeof parsed === 'number') return parsed;
  if (parsed.steps.length === 0) return text.length;
  const steps = parsed.steps.filter((step): step is PathStep => step !== EACH);
  return steps.length < parsed.steps.length ? text.indexOf('[*]') : { ...parsed, steps };
}

/**
 * Parses a path that may also have `[*]` for every element of a list, as in `$.records[*]`; `$` alone is the whole
 * value. Returns the position of the first wrong character when the path is wrong.
 */
export function parsePathToMany(text: string): PathToMany | number {
  const steps: (PathStep | typeof EACH)[] = [];
  const fromMessage = text.startsWith('$$');
  let at = fromMessage ? 2 : text.startsWith('$') ? 1 : 0;
  if (at > 0 && at < text.length && text[at] !== '.' && text[at] !== '[') return at;
  if (at === 0 && (text === '' || text.startsWith('.'))) return 0;
  while (at < text.length) {
    STEP.lastIndex = at;
    const match = STEP.exec(text);
    // A name after another step needs a dot.
    if (match === null || (match[1] !== undefined && at > 0 && text[at] !== '.')) return at;
    const [, name, index, each, double, single] = match;
    if (each !== undefined) steps.push(EACH);
    else if (index !== undefined) steps.push(Number(index));
    else steps.push(name ?? (double ?? single ?? '').replace(/\\(.)/g, '$1'));
    at = STEP.lastIndex;
  }
  return { fromMessage, steps };
}

/**
 * The value at the steps; undefined when there is none. A step into a text that holds JSON continues in that JSON, so a
 * path need not say where a logger turned an object into a text. Inherited members are never read.
 */
export function readSteps(value: unknown, steps: readonly PathStep[]): unknown {
  let here = value;
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i] as PathStep;
    if (typeof here !== 'object' || here === null || step === -1) {
      here = stepInto(here, step);
    } else {
      // A member is read without a check whether it is the object's own. Only names that every object inherits need
      // this check.
      const next: unknown = (here as Record<PathStep, unknown>)[step];
      here = next !== undefined && INHERITED.has(step) && !Object.hasOwn(here, step) ? undefined : next;
    }
    if (here === undefined) return undefined;
  }
  return here;
}

/** A value at a path to many. */
export interface PathItem {
  value: unknown;
  /** The indexes of the value in the lists on the path. */
  places: readonly number[];
  /** Set when the path ends early in a list: `nothing` at a missing value, `no list` at a value that is not a list. */
  lost?: 'nothing' | 'no list';
}

/**
 * All values at the steps, and the elements of lists in which the path ends early. Undefined when the path ends before
 * it reaches a list.
 */
export function readMany(value: unknown, steps: PathToMany['steps']): PathItem[] | undefined {
  const [first, ...rest] = steps;
  if (first === undefined) return [{ value, places: [] }];
  if (first !== EACH) {
    const inner = stepInto(value, first);
    return inner === undefined ? undefined : readMany(inner, rest);
  }
  const list = typeof value === 'string' ? jsonInText(value) : value;
  if (!Array.isArray(list)) return undefined;
  return list.flatMap((item: unknown, place) => {
    const items: PathItem[] = readMany(item, rest) ?? [
      { value: item, places: [], lost: whyLost(item, rest) },
    ];
    return items.map((one) => ({ ...one, places: [place, ...one.places] }));
  });
}

/** Why a path ends early. */
function whyLost(value: unknown, [first, ...rest]: PathToMany['steps']): 'nothing' | 'no list' {
  if (isNothing(value)) return 'nothing';
  if (first === undefined || first === EACH) return 'no list';
  const inner = stepInto(value, first);
  if (inner === undefined) return asJson(value) === undefined ? 'no list' : 'nothing';
  return whyLost(inner, rest);
}

function asJson(value: unknown): object | undefined {
  const here = typeof value === 'string' ? jsonInText(value) : value;
  return typeof here === 'object' && here !== null ? here : undefined;
}

/**
 * The whole value, but in each list on the path only the element that leads to the value at `places`. Everything around
 * the lists stays.
 */
export function withOnly(value: unknown, steps: PathToMany['steps'], places: readonly number[]): unknown {
  const [first, ...rest] = steps;
  if (first === undefined) return value;
  const here = typeof value === 'string' ? jsonInText(value) : value;
  if (typeof here !== 'object' || here === null) return value;
  if (first === EACH) {
    const [place, ...inner] = places;
    return Array.isArray(here) ? [withOnly(here[place ?? 0], rest, inner)] : value;
  }
  const inner = withOnly(stepInto(here, first), rest, places);
  if (!Array.isArray(here)) return { ...here, [first]: inner };
  return typeof first === 'number' ? here.with(first, inner) : value;
}

function stepInto(value: unknown, step: PathStep): unknown {
  const here = typeof value === 'string' ? jsonInText(value) : value;
  if (typeof here !== 'object' || here === null) return undefined;
  if (step === -1) return Array.isArray(here) ? here.at(-1) : undefined;
  return Object.hasOwn(here, step) ? (here as Record<PathStep, unknown>)[step] : undefined;
}
