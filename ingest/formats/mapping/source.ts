import { isNothing } from '../../fields/nothing.ts';
import { epochMs } from '../../fields/timestamp.ts';
import type { OffsetAt } from '../../fields/time-zone.ts';
import { cutFor } from './bounded-form.ts';
import { compileCondition, formOf, isScalar, pathOf } from './condition.ts';
import { type Convert, converter, type FieldType, units } from './convert.ts';
import { asMap, faultAt, refuseUnknown, shown } from './fault.ts';
import type { ReadValue, ReadPath } from './path-roots.ts';
import { zoneOf } from './zone.ts';

/** Small functions for values that no path can express, by name. */
export type Functions = Readonly<Record<string, (value: unknown) => unknown>>;
interface Context {
  kind: FieldType;
  unit: string | undefined;
  offsetAt: OffsetAt | undefined;
  functions: Functions;
  readPath: ReadPath;
}

const EXAMPLE = '$.a.b, a list of paths, =text, or {from: $.a.b, …}';
const KEYS = ['from', 'between', 'plus', 'when', 'match', 'words', 'unit', 'time_zone', 'by', 'default'];

/**
 * Compiles the source of a field: a path, `=text`, a list of sources, or a map with `from` and changes to its value. Of
 * a list, the first source with a value counts. Throws a `MappingFault`.
 */
export function compileSource(source: unknown, at: string, context: Context): ReadValue {
  if (typeof source === 'string')
    return source.startsWith('=') ? fixed(source.slice(1), at, context) : fromPath(source, at, context);
  if (typeof source === 'number' || typeof source === 'boolean') return fixed(source, at, context);
  if (Array.isArray(source)) {
    if (source.length === 0) throw faultAt(at, `an empty list; write ${EXAMPLE}`);
    const reads = source.map((one, i) => compileSource(one, `${at}[${i}]`, context));
    return context.kind === 'error' ? firstError(reads) : firstOf(reads);
  }
  if (source === null || source === undefined) throw faultAt(at, `nothing; write ${EXAMPLE}`);
  return fromMap(asMap(source, at, EXAMPLE), at, context);
}

function fixed(value: string | number | boolean, at: string, context: Context): ReadValue {
  if (isNothing(value)) return () => undefined;
  const converted = convertOf(context)(value);
  if (converted === undefined) throw faultAt(at, `${shown(value)} cannot be a ${context.kind}`);
  return () => converted;
}

function fromPath(written: string, at: string, context: Context): ReadValue {
  const path = pathOf(written, at);
  const convert = convertOf(context);
  const { readPath } = context;
  return (scope) => {
    const value = readPath(scope, path);
    if (isNothing(value)) return undefined;
    const converted = convert(value);
    if (converted === undefined) scope.odd = true;
    return converted ?? undefined;
  };
}

function firstOf(reads: readonly ReadValue[]): ReadValue {
  return (scope) => {
    for (const read of reads) {
      const value = read(scope);
      if (value !== undefined) return value;
    }
    return undefined;
  };
}

/** The first value that describes an error; true when there is only a flag that reports an error. */
function firstError(reads: readonly ReadValue[]): ReadValue {
  return (scope) => {
    let flag: true | undefined;
    for (const read of reads) {
      const value = read(scope);
      if (value === true) flag = true;
      else if (value !== undefined) return value;
    }
    return flag;
  };
}

function fromMap(map: Readonly<Record<string, unknown>>, at: string, outer: Context): ReadValue {
  refuseUnknown(map, KEYS, at);
  const context = {
    ...outer,
    ...unitOf(map, at, outer),
    offsetAt: zoneOf(map['time_zone'], `${at}.time_zone`) ?? outer.offsetAt,
  };
  let read =
    map['between'] === undefined
      ? fromValue(map, at, context)
      : between(map['between'], `${at}.between`, context);
  if (map['plus'] !== undefined) read = plus(read, map['plus'], `${at}.plus`, context);
  if (map['when'] !== undefined) {
    const { holds } = compileCondition(map['when'], `${at}.when`);
    const inner = read;
    read = (scope) => (holds(scope) ? inner(scope) : undefined);
  }
  return map['default'] === undefined
    ? read
    : firstOf([read, compileSource(constant(map['default'], `${at}.default`), `${at}.default`, context)]);
}

/**
 * The value under `from`, cut by `match`, translated by `words`, changed by a function, then converted. Of a list under
 * `from`, the first source whose value gives a result counts: an address without a known host does not hide an address
 * with a known host.
 */
function fromValue(map: Readonly<Record<string, unknown>>, at: string, context: Context): ReadValue {
  if (map['from'] === undefined) throw faultAt(at, `from is missing; write ${EXAMPLE}`);
  const changes = [matchOf(map, at), wordsOf(map, at, context), functionOf(map, at, context)].filter(
    (one) => one !== null,
  );
  if (changes.length === 0) return compileSource(map['from'], `${at}.from`, context);
  const convert = convertOf(context);
  const froms: readonly unknown[] =
    Array.isArray(map['from']) && map['from'].length > 0 ? map['from'] : [map['from']];
  return firstOf(
    froms.map((from, i) => {
      const place = froms.length > 1 ? `${at}.from[${i}]` : `${at}.from`;
      return changed(compileSource(from, place, { ...context, kind: 'raw' }), changes, convert);
    }),
  );
}

function changed(raw: ReadValue, changes: readonly Convert[], convert: Convert): ReadValue {
  return (scope) => {
    let value = raw(scope);
    for (const change of changes) {
      if (isNothing(value)) return undefined;
      value = change(value);
    }
    if (isNothing(value)) return undefined;
    const converted = convert(value);
    if (converted === undefined) scope.odd = true;
    return converted ?? undefined;
  };
}

function matchOf(map: Readonly<Record<string, unknown>>, at: string): Convert | null {
  if (map['match'] === undefined) return null;
  const form = formOf(map['match'], `${at}.match`);
  return (value) => {
    const match = isScalar(value) ? form.form.exec(cutFor(form, String(value))) : null;
    return match === null ? undefined : (match.slice(1).find((group) => group !== undefined) ?? match[0]);
  };
}

/** Replaces a word by its entry in the map; other words stay. */
function wordsOf(map: Readonly<Record<string, unknown>>, at: string, context: Context): Convert | null {
  if (map['words'] === undefined) return null;
  const words = new Map<string, unknown>();
  for (const [word, meaning] of Object.entries(asMap(map['words'], `${at}.words`, '{word: value}'))) {
    const value = constant(meaning, `${at}.words.${word}`);
    if (convertOf(context)(value.slice(1)) === undefined && !isNothing(value.slice(1)))
      throw faultAt(`${at}.words.${word}`, `${shown(meaning)} cannot be a ${context.kind}`);
    words.set(word.toLowerCase(), value.slice(1));
  }
  return (value) => {
    if (!isScalar(value)) return value;
    const word = String(value).trim().toLowerCase();
    return words.has(word) ? words.get(word) : value;
  };
}

function functionOf(
  map: Readonly<Record<string, unknown>>,
  at: string,
  { functions }: Context,
): Convert | null {
  const name = map['by'];
  if (name === undefined) return null;
  const known = typeof name === 'string' && Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (known !== undefined) return known;
  const names = Object.keys(functions).join(', ');
  throw faultAt(
    `${at}.by`,
    `${shown(name)} is not a function${names === '' ? '; there are none' : `; use one of ${names}`}`,
  );
}

/** Milliseconds between two times. */
function between(times: unknown, at: string, context: Context): ReadValue {
  if (context.kind !== 'ms') throw faultAt(at, 'between is allowed only for durations');
  const [start, end] = Array.isArray(times) && times.length === 2 ? (times as unknown[]) : [];
  if (start === undefined) throw faultAt(at, 'write two times: [$.start, $.end]');
  const time = { ...context, kind: 'raw' as const };
  const [from, to] = [compileSource(start, `${at}[0]`, time), compileSource(end, `${at}[1]`, time)];
  return (scope) => {
    const [a, b] = [from(scope), to(scope)];
    if (a === undefined || b === undefined) return undefined;
    const ms = epochMs(b, context.offsetAt) - epochMs(a, context.offsetAt);
    if (ms >= 0) return ms;
    scope.odd = true;
    return undefined;
  };
}

function plus(read: ReadValue, added: unknown, at: string, context: Context): ReadValue {
  if (context.kind !== 'time') throw faultAt(at, 'plus is allowed only for times');
  const duration = compileSource(added, at, { ...context, kind: 'ms', unit: undefined });
  return (scope) => {
    const time = read(scope);
    const ms = duration(scope);
    return typeof time === 'number' && typeof ms === 'number' && ms > 0 ? Math.floor(time + ms) : time;
  };
}

function unitOf(map: Readonly<Record<string, unknown>>, at: string, { kind }: Context): { unit?: string } {
  const unit = map['unit'];
  if (unit === undefined) return {};
  const known = Object.keys(units[kind] ?? {});
  if (typeof unit === 'string' && known.includes(unit)) return { unit };
  throw faultAt(
    `${at}.unit`,
    known.length === 0
      ? `a ${kind} has no unit`
      : `${shown(unit)} is not a unit; use one of ${known.join(', ')}`,
  );
}

/** A scalar of a mapping in the form `=text`. */
function constant(value: unknown, at: string): string {
  if (value === null) return '=';
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return `=${value}`;
  throw faultAt(at, `${shown(value)} is not a value`);
}

function convertOf({ kind, unit, offsetAt }: Context): Convert {
  return converter(kind, unit, offsetAt);
}
