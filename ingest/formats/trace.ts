import { type Decoded, nativeRecord, type RequestLog } from '../../domain/request-log.ts';
import { Cleaner } from '../fields/clean.ts';
import { bytesDecoder, type DecoderOptions } from './decode.ts';
import { type Making, recordDecoder } from './formats.ts';
import { decodeRecord, mappedDecoder } from './mapped.ts';
import { compileMapping, type Mapping, type MappingSpec } from './mapping/mapping.ts';
import { type Path, readSteps } from './mapping/path.ts';
import { presetFunctions } from './presets/functions.ts';
import { presets } from './presets/presets.ts';
import { readPath } from './mapping/condition.ts';
import type { PathRoots } from './mapping/path-roots.ts';
import { isNothing } from '../fields/nothing.ts';
import { epochMs } from '../fields/timestamp.ts';
import { type Leaf, leavesOf, writtenPath, writtenStep } from './trace-leaves.ts';

/** A field of the native record and where it was read from. */
export interface TracedField {
  field: string;
  /** The value that is counted, without secrets. */
  value: unknown;
  /** Paths from the record (`$`) or the message (`$$`); empty for a constant, a default, or a computed value. */
  from: readonly string[];
}

/** How one record was read. */
export interface TracedRecord {
  /** `native`, `otel-genai`, `litellm`, `mapped`, or the name of a preset. */
  format: string;
  /** Whether the record was counted, skipped or is a dead letter, and why. */
  outcome:
    | { kind: 'counted' }
    | { kind: 'skipped'; reason: string }
    | { kind: 'dead'; reason: string; detail: string };
  /** The requests that are counted: one, except for OTLP. */
  logs: readonly RequestLog[];
  fields: readonly TracedField[];
  /** Paths that have a value but were not read. */
  ignored: readonly string[];
  /** Names of fields whose value could not be used. */
  dropped: readonly string[];
}

/** How one message was read: what `faultline try` shows. */
export interface Trace {
  /** The result of the decoder, as the worker gets it. */
  decoded: Decoded;
  /** Empty when no format recognises the message. */
  records: readonly TracedRecord[];
}

/** How many paths that were not read are listed at most. */
const MOST_IGNORED = 200;
const OWN_NAMES = new Set(Object.keys(nativeRecord.shape));

/**
 * Like `createDecoder`, but also reports how it came to its result. The same decoders run, made of parts that record
 * what they read; the worker's decoders have no such parts, so tracing costs the worker nothing. `now` is epoch
 * milliseconds.
 */
export function createTracer(
  options: DecoderOptions,
  cleaner = new Cleaner(),
): (value: Buffer | null, now: number, written?: number) => Trace {
  let records: TracedRecord[] = [];
  let seen: Path[] = [];
  const names = new Map<Mapping, string>();
  const readFields = (scope: PathRoots, path: Path): unknown => {
    const value = readPath(scope, path);
    if (!isNothing(value)) seen.push(path);
    return value;
  };
  const compile = (spec: MappingSpec, at: string, name: string): Mapping => {
    const mapping = compileMapping(spec, at, presetFunctions, readFields);
    names.set(mapping, name);
    return mapping;
  };
  const making: Making = {
    mapping: compile,
    presets: () =>
      new Map(
        [...presets()].map(([name, preset]) => [
          name,
          { ...preset, mapping: compile(preset.spec, `presets/${name}.yaml`, name) },
        ]),
      ),
    program: (format, name) => ({
      ...format,
      create: (own) => {
        const decode = format.create(own);
        return (message, now, written) => {
          const decoded = decode(message, now, written);
          if (name === 'native') records.push(ofNative(message, decoded));
          else {
            const seenBy = watchReads(message);
            // The message is decoded once more, only to see what is read. The result above is the result for the
            // original message.
            decode(seenBy.message, now, written);
            records.push(ofProgram(name, message, decoded, seenBy.paths));
          }
          return decoded;
        };
      },
    }),
    mapped: (mapping, own) =>
      mappedDecoder(mapping, own, (scope, fields, at) => {
        const from = new Map<string, Path[]>();
        for (const { name, read } of fields.fields) {
          seen = [];
          read(scope);
          from.set(name, seen);
        }
        // Paths that are read from here on do not belong to the last field.
        seen = [];
        const decoded = decodeRecord(scope, fields, at, own);
        // `seen` also has the paths of the outcome and of the conditions for skipping.
        records.push(ofMapping(names.get(mapping) ?? 'mapped', scope.record, decoded, { from, read: seen }));
        return decoded;
      }),
  };
  const decode = bytesDecoder(recordDecoder(options, cleaner, making), options.format);
  return (value, now, written) => {
    records = [];
    return { decoded: decode(value, now, written), records };
  };
}

function ofMapping(
  format: string,
  record: unknown,
  decoded: Decoded,
  { from, read: all }: { from: ReadonlyMap<string, readonly Path[]>; read: readonly Path[] },
): TracedRecord {
  const paths = (field: string): string[] => [...new Set((from.get(field) ?? []).map(writtenPath))];
  const read = all.filter(({ fromMessage }) => !fromMessage).map(writtenPath);
  const ignored = leavesOf(record)
    .map(({ path }) => path)
    .filter((path) => !read.some((one) => covers(one, path)));
  return traced(format, decoded, paths, ignored);
}

/** A record in the native format: each field is read from the member with its name. */
function ofNative(record: unknown, decoded: Decoded): TracedRecord {
  const own = (field: string): string[] => (isNothing(readSteps(record, [field])) ? [] : [`$.${field}`]);
  const ignored = leavesOf(record)
    .map(({ path }) => path)
    .filter((path) => ![...OWN_NAMES].some((name) => covers(`$.${name}`, path)));
  return traced('native', decoded, own, ignored);
}

/**
 * How a format that is written in code read a record. Such a format does not report where it reads a field. The origin
 * of a field is therefore the first value in the same span that was read and equals the value of the field. Small
 * numbers and flags occur in many places, so for these the name must also match. The values that the code never read
 * are the ignored ones.
 */
function ofProgram(
  format: string,
  message: unknown,
  decoded: Decoded,
  read: ReadonlySet<string>,
): TracedRecord {
  const leaves = leavesOf(message);
  const [log] = decoded.kind === 'ok' ? decoded.records : [];
  const texts = [log?.request_id, log?.model, log?.client].filter(
    (text) => text !== undefined && text !== '',
  );
  const anchor = leaves.find(({ path, value }) => spanOf(path) !== '' && texts.includes(String(value)));
  const span = anchor === undefined ? null : spanOf(anchor.path);
  // Names of attributes count as read, too: they show what the value beside them is.
  const own = leaves.filter(
    ({ path }) => read.has(path) && (spanOf(path) === '' || span === null || spanOf(path) === span),
  );
  const equal = (field: string, value: unknown): string[] => {
    const leaf = own.find((one) => isOrigin(one, field, value, own));
    return leaf === undefined ? [] : [leaf.path];
  };
  const ignored = leaves.map(({ path }) => path).filter((path) => !read.has(path));
  return traced(format, decoded, equal, ignored);
}

/**
 * The path of the span or log record that contains a path of OTLP; empty for a path outside of all spans and log
 * records.
 */
function spanOf(path: string): string {
  return /^.*?\.(?:spans|logRecords)\[\d+\]/.exec(path)?.[0] ?? '';
}

function isOrigin(leaf: Leaf, field: string, value: unknown, leaves: readonly Leaf[]): boolean {
  if (value === '' || value === 0 || value === null) return false;
  if (field === 'ts') return END.test(leaf.path) && isSameTime(leaf.value, value);
  if (textOf(leaf.value) !== textOf(value)) return false;
  const isCommon = typeof value === 'boolean' || (typeof value === 'number' && value < 1_000);
  const [, attribute] = /^(.*attributes\[\d+\])\.value/.exec(leaf.path) ?? [];
  const name =
    attribute === undefined
      ? leaf.path.replace(/^.*\./, '')
      : textOf(leaves.find(({ path }) => path === `${attribute}.key`)?.value);
  return (
    !isCommon || name.toLowerCase().includes(field.split('_').at(field.endsWith('_tokens') ? -1 : 0) ?? '')
  );
}

/** The text of a value. The attributes of OTLP write numbers as texts, so a number and its text count as equal. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

const END = /(?:end|time|ts|at)\w*$/i;

/** Seconds, milli- or nanoseconds since 1970, or a text. */
function isSameTime(written: unknown, ms: unknown): boolean {
  return (
    (typeof written === 'number' || typeof written === 'string') &&
    Math.abs(epochMs(written) - Number(ms)) < 1
  );
}

/** The message wrapped so that reads are noticed, and the set of paths, which grows with each read. */
function watchReads(message: unknown): { message: unknown; paths: ReadonlySet<string> } {
  const paths = new Set<string>();
  const watch = (value: unknown, path: string): unknown => {
    paths.add(path);
    // JSON in a text is read as a whole.
    if (typeof value === 'string')
      for (const { path: inner } of leavesOf(value)) paths.add(path + inner.slice(1));
    if (typeof value !== 'object' || value === null) return value;
    return new Proxy(value, {
      get(target, key, receiver) {
        const own: unknown = Reflect.get(target, key, receiver);
        if (typeof key === 'symbol' || !Object.hasOwn(target, key)) return own;
        if (Array.isArray(target)) return key === 'length' ? own : watch(own, `${path}[${key}]`);
        return watch(own, path + writtenStep(key));
      },
    });
  };
  return { message: watch(message, '$'), paths };
}

function traced(
  format: string,
  decoded: Decoded,
  from: (field: string, value: unknown) => string[],
  ignored: readonly string[],
): TracedRecord {
  const logs = decoded.kind === 'ok' ? decoded.records : [];
  const [log] = logs;
  const fields = Object.entries(log ?? {})
    .filter(([field]) => OWN_NAMES.has(field))
    .map(([field, value]): TracedField => ({ field, value: value as unknown, from: from(field, value) }));
  return {
    format,
    outcome: outcomeOf(decoded),
    logs,
    fields,
    ignored: ignored.slice(0, MOST_IGNORED),
    dropped: decoded.kind === 'ok' ? (decoded.dropped ?? []) : [],
  };
}

function outcomeOf(decoded: Decoded): TracedRecord['outcome'] {
  if (decoded.kind === 'skip') return { kind: 'skipped', reason: decoded.reason };
  if (decoded.kind === 'reject') return { kind: 'dead', reason: decoded.reason, detail: decoded.detail };
  return { kind: 'counted' };
}

/** Whether `path` is the path `read`, or leads into the value at `read`. */
function covers(read: string, path: string): boolean {
  return path === read || path.startsWith(`${read}.`) || path.startsWith(`${read}[`);
}
