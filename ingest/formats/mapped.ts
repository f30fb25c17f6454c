import type { Decoded } from '../../domain/request-log.ts';
import { nativeRecord } from '../../domain/request-log.ts';
import type { Cleaner } from '../fields/clean.ts';
import { asObject, type Format, type JsonObject } from './format.ts';
import { parsePath, type Path, readPath } from './mapping-path.ts';
import { readNative } from './native.ts';

type Kind = 'text' | 'number' | 'seconds' | 'flag' | 'any';
interface Rule {
  /** Member of the native record. */
  field: string;
  kind: Kind;
  path: Path;
  written: string;
  /** A fixed value, written `=text` in place of a path. */
  fixed: string | undefined;
}

const KINDS: Readonly<Record<string, Kind>> = {
  ts: 'any',
  headers: 'any',
  error: 'any',
  stream: 'flag',
  status: 'number',
  latency_ms: 'number',
  ttft_ms: 'number',
  input_tokens: 'number',
  output_tokens: 'number',
  cost_usd: 'number',
  retry_count: 'number',
};
/** Fields that a mapping may fill beside those of the record: the same time in seconds. */
const IN_SECONDS: Readonly<Record<string, string>> = { latency_s: 'latency_ms', ttft_s: 'ttft_ms' };
const FLAGS: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  [true, true],
  ['true', true],
  [1, true],
  [false, false],
  ['false', false],
  [0, false],
]);
const NUMBER = /^[+-]?\d{1,16}(?:\.\d{1,12})?(?:e[+-]?\d{1,2})?$/i;

/** The user's own JSON, read through the `mapping` of the settings. */
export const mapped: Format = {
  needsMapping: true,
  recognises: (message, mapping) => {
    const ts = mapping['ts'];
    const path = ts === undefined ? null : parsePath(ts);
    return path !== null && readPath(message, path) !== undefined;
  },
  create: (mapping, cleaner) => {
    const fault = checkMapping(mapping);
    if (fault !== null) throw new Error(fault);
    const rules = Object.entries(mapping).map(([field, path]) => compile(field, path));
    return (message, now) => decodeMapped(message, rules, now, cleaner);
  },
};

/** What is wrong with a mapping, in one line that names the key; null when nothing is. */
export function checkMapping(mapping: Readonly<Record<string, string>>): string | null {
  const known = [...Object.keys(nativeRecord.shape), ...Object.keys(IN_SECONDS)];
  for (const [field, path] of Object.entries(mapping)) {
    if (!known.includes(field))
      return `mapping.${field}: no field of the record; the fields are ${known.join(', ')}`;
    const alias = IN_SECONDS[field];
    if (alias !== undefined && mapping[alias] !== undefined)
      return `mapping.${field}: ${alias} is mapped too; keep one`;
    if (!path.startsWith('=') && parsePath(path) === null) {
      return `mapping.${field}: ${JSON.stringify(path)} is no path; write $.a.b[0], a.b, $["x.y"], or =text for a fixed value`;
    }
  }
  if (mapping['ts'] === undefined)
    return 'mapping.ts: missing; write where the time stands, such as ts: $.time';
  if (
    mapping['status'] === undefined &&
    mapping['error'] === undefined &&
    mapping['exception'] === undefined
  ) {
    return 'mapping.status: missing; map status, error or exception, or failures cannot be told from successes';
  }
  return null;
}

function compile(field: string, written: string): Rule {
  const seconds = IN_SECONDS[field];
  return {
    field: seconds ?? field,
    kind: seconds === undefined ? (KINDS[field] ?? 'text') : 'seconds',
    path: parsePath(written) ?? [],
    written,
    fixed: written.startsWith('=') ? written.slice(1) : undefined,
  };
}

function decodeMapped(message: unknown, rules: readonly Rule[], now: number, cleaner: Cleaner): Decoded {
  const source = asObject(message);
  if (source === null) return { kind: 'reject', reason: 'mapping', detail: 'record: not an object' };
  const record: Record<string, unknown> = {};
  for (const rule of rules) {
    const fault = fill(record, rule, source);
    if (fault !== null) return { kind: 'reject', reason: 'mapping', detail: fault };
  }
  const read = readNative(record, now, cleaner);
  return read.log === null
    ? { kind: 'reject', reason: read.reason, detail: read.detail }
    : { kind: 'ok', records: [read.log] };
}

/** Writes one field, converted; what is wrong with the value otherwise, without the value. */
function fill(record: Record<string, unknown>, rule: Rule, source: JsonObject): string | null {
  const value = rule.fixed ?? readPath(source, rule.path);
  if (value === undefined || value === null || (value === '' && rule.kind !== 'any')) return null;
  const converted = CONVERT[rule.kind](value);
  if (converted === undefined)
    return `${rule.field}: ${rule.written} is ${describe(value)}, not a ${rule.kind}`;
  record[rule.field] = converted;
  return null;
}

/** Undefined when the value is none of its kind. */
const CONVERT: Record<Kind, (value: unknown) => unknown> = {
  any: (value) => value,
  text: (value) => (typeof value === 'number' || typeof value === 'boolean' ? String(value) : toText(value)),
  flag: (value) => FLAGS.get(value),
  number: (value) => toNumber(value),
  seconds: (value) => toNumber(value, 1000),
};

function toText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function toNumber(value: unknown, factor = 1): number | undefined {
  if (typeof value === 'number') return value * factor;
  const text = toText(value)?.trim() ?? '';
  return NUMBER.test(text) ? Number(text) * factor : undefined;
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
