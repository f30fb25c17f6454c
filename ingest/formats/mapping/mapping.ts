import { nativeRecord } from '../../../domain/request-log.ts';
import { type MappingCondition, compileCondition, readPath } from './condition.ts';
import { fieldKinds } from './convert.ts';
import { asMap, faultAt, shown } from './fault.ts';
import { compileOutcome, type ReadOutcome } from './outcome.ts';
import { parsePathToMany, type PathToMany } from './path.ts';
import type { ReadValue, ReadPath } from './path-roots.ts';
import { compileSource, type Functions } from './source.ts';
import { zoneOf } from './zone.ts';

/** A mapping as written in the settings or in the file of a preset. */
export type MappingSpec = Readonly<Record<string, unknown>>;

/** A compiled mapping. */
export interface Mapping {
  /** Null when the mapping does not say which messages it recognises. */
  recognise: MappingCondition | null;
  /**
   * True: this mapping is asked only when no other preset and no envelope recognises a message. Its conditions describe
   * a general kind of log and not the log of one product.
   */
  askedLast: boolean;
  /**
   * Paths of the records in a message. The first path with a record counts, otherwise the first path with a value.
   * Empty: the message is the record.
   */
  records: readonly PathToMany[];
  /**
   * True: a record without a time counts at the time when it was written according to its source. False: such a record
   * is a dead letter.
   */
  untimedIsNow: boolean;
  skip: readonly { reason: string; holds: MappingCondition['holds'] }[];
  /** `auto`: the records found may be in any format; null: the fields of the mapping read them. */
  readAs: 'auto' | null;
  outcome: ReadOutcome | null;
  fields: readonly { name: string; read: ReadValue }[];
}

/** Keys of a mapping that are not fields. */
const KEYS = [
  'recognise',
  'asked',
  'records',
  'read_as',
  'skip',
  'time_zone',
  'outcome',
  'about',
  'without_time',
];
/** Fields that only mappings have: the duration of a field of the native record, in seconds. */
const IN_SECONDS: Readonly<Record<string, string>> = { latency_s: 'latency_ms', ttft_s: 'ttft_ms' };
const REASON = /^[a-z][a-z0-9_]{0,39}$/;
const MOST_SKIPS = 20;

/**
 * Checks and compiles a mapping. `at` is its name in messages, such as `mapping`. Throws a `MappingFault` of one line
 * that names the key.
 */
export function compileMapping(
  spec: MappingSpec,
  at: string,
  functions: Functions = {},
  readFields: ReadPath = readPath,
): Mapping {
  const offsetAt = zoneOf(spec['time_zone'], `${at}.time_zone`);
  const fields: { name: string; read: ReadValue }[] = [];
  for (const [key, source] of Object.entries(spec)) {
    if (KEYS.includes(key)) continue;
    const name = fieldOf(key, spec, at);
    const unit = name === key ? undefined : 's';
    fields.push({
      name,
      read: compileSource(source, `${at}.${key}`, {
        kind: fieldKinds[name] ?? 'text',
        unit,
        offsetAt,
        functions,
        readPath: readFields,
      }),
    });
  }
  const readAs = readAsOf(spec, at);
  if (readAs === null) demand(spec, at);
  return {
    recognise:
      spec['recognise'] === undefined ? null : compileCondition(spec['recognise'], `${at}.recognise`),
    askedLast: isWord(spec['asked'], 'last', `${at}.asked`),
    untimedIsNow: isWord(spec['without_time'], 'now', `${at}.without_time`),
    records: recordsOf(spec['records'], `${at}.records`),
    skip: skipOf(spec['skip'], `${at}.skip`, readFields),
    readAs,
    outcome:
      spec['outcome'] === undefined ? null : compileOutcome(spec['outcome'], `${at}.outcome`, readFields),
    fields,
  };
}

function fieldOf(key: string, spec: MappingSpec, at: string): string {
  const known = [...Object.keys(nativeRecord.shape), ...Object.keys(IN_SECONDS)];
  if (!known.includes(key))
    throw faultAt(
      `${at}.${key}`,
      `not a field of a record; the fields are ${known.join(', ')}; other keys are ${KEYS.join(', ')}`,
    );
  const alias = IN_SECONDS[key];
  if (alias !== undefined && spec[alias] !== undefined)
    throw faultAt(`${at}.${key}`, `${alias} is mapped too; keep one`);
  return alias ?? key;
}

/** Throws when the mapping has no time or no outcome, because no request can be counted without them. */
function demand(spec: MappingSpec, at: string): void {
  if (spec['ts'] === undefined)
    throw faultAt(`${at}.ts`, 'missing; write the path of the time, such as ts: $.time');
  if (['status', 'outcome', 'error', 'exception'].every((key) => spec[key] === undefined))
    throw faultAt(
      `${at}.status`,
      'missing; map status, outcome, error or exception: otherwise no failure can be recognised',
    );
}

/**
 * Whether a key has its only allowed word; false when the key is absent. Throws a `MappingFault` for any other value.
 */
function isWord(value: unknown, word: string, at: string): boolean {
  if (value === undefined || value === word) return value === word;
  throw faultAt(at, `${shown(value)} is not allowed; the only value is ${word}`);
}

function readAsOf(spec: MappingSpec, at: string): 'auto' | null {
  const readAs = spec['read_as'];
  if (readAs === undefined) return null;
  if (readAs !== 'auto')
    throw faultAt(`${at}.read_as`, `${shown(readAs)} is not allowed; the only value is auto`);
  if (spec['outcome'] !== undefined)
    throw faultAt(
      `${at}.outcome`,
      'not allowed with read_as: the format of the inner record decides the outcome',
    );
  if (spec['records'] === undefined)
    throw faultAt(
      `${at}.records`,
      'missing; write the path of the inner records, such as records: $.message',
    );
  return readAs;
}

function recordsOf(value: unknown, at: string): readonly PathToMany[] {
  if (value === undefined) return [];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.map((written, i) => {
    const path = typeof written === 'string' ? parsePathToMany(written) : 0;
    if (typeof path !== 'number' && !path.fromMessage) return path;
    const place = Array.isArray(value) ? `${at}[${i}]` : at;
    const character = typeof path === 'number' ? ` from character ${path + 1} on` : '';
    throw faultAt(
      place,
      `${shown(written)} is not a path to records${character}; write $.records[*], or $ for the message itself`,
    );
  });
}

function skipOf(value: unknown, at: string, read: ReadPath): Mapping['skip'] {
  if (value === undefined) return [];
  const reasons = Object.entries(asMap(value, at, 'skip: {cache_hit: {$.cached: true}}'));
  if (reasons.length > MOST_SKIPS) throw faultAt(at, `${reasons.length} reasons; at most ${MOST_SKIPS}`);
  return reasons.map(([reason, condition]) => {
    if (!REASON.test(reason))
      throw faultAt(
        `${at}.${reason}`,
        'a reason consists of lower-case letters, digits and _, such as cache_hit',
      );
    return { reason, holds: compileCondition(condition, `${at}.${reason}`, read).holds };
  });
}
