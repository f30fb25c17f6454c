import type { Decoded } from '../../domain/request-log.ts';
import type { Cleaner } from '../fields/clean.ts';
import { asObject, type Decode, type Format, type JsonObject, type RecordTimes } from './format.ts';
import { decodeLost, findRecords } from './mapped.ts';
import { jsonInText } from './mapping/json-in-text.ts';
import type { Mapping } from './mapping/mapping.ts';
import { readMany } from './mapping/path.ts';
import { MessageParts } from './parts.ts';
import type { Preset } from './presets/presets.ts';
import { recogniser } from './recogniser.ts';

/**
 * A record with at least two of these members but without a time is a native record that lacks its `ts`; the reason of
 * the dead letter says so.
 */
const NATIVE_MEMBERS = [
  'status',
  'error',
  'exception',
  'model',
  'provider',
  'request_id',
  'api_key',
  'latency_ms',
];
/**
 * Other formats keep the status under these names. A record that has one of them, but neither `status` nor a time of
 * its own, is not native, even if its error looks native.
 */
const OTHER_STATUS = ['status_code', 'statusCode', 'http_status', 'http'];
/**
 * Envelopes can be nested. A record can be in four: the envelope of Docker, around it that of Fluent Bit, then that of
 * Kafka Connect, then that of a page.
 */
const MOST_ENVELOPES = 4;

/** The formats that `auto` chooses from. */
export interface KnownFormats {
  native: Format;
  /** Asked in this order. */
  others: readonly Format[];
  presets: () => readonly Preset[];
  /** The user's own mapping; null when there is none. */
  mapping: Mapping | null;
  /** Makes the decoder of a mapping. */
  mapped: (mapping: Mapping, cleaner: Cleaner) => Decode;
}

/** A decoder that asks each format in turn whether it recognises a message, and looks into envelopes. */
export function autoDecoder(known: KnownFormats, cleaner: Cleaner): Decode {
  const decodeKnown = decoderOfKnown(known, cleaner);
  return (value, now, written) => {
    const decoded = decodeKnown(value, { now, written }, 0);
    if (decoded !== null) return decoded;
    const message = asObject(value);
    if (message === null) return unknownFormat('the message is not a JSON object');
    return lacksOnlyTime(message)
      ? { kind: 'reject', reason: 'schema', detail: lackOfTime(message) }
      : unknownFormat('no known format has this shape; set format, or a mapping');
  };
}

/** Null when no format recognises the value. `hasOwnTime` is false for a record that got its time from its envelope. */
type DecodeKnown = (
  value: unknown,
  at: RecordTimes,
  envelopes: number,
  hasOwnTime?: boolean,
) => Decoded | null;

function decoderOfKnown(
  { native, others, presets, mapping, mapped }: KnownFormats,
  cleaner: Cleaner,
): DecodeKnown {
  const decodeNative = native.create(cleaner);
  const programs = others.map(({ recognises, create }) => ({ recognises, decode: create(cleaner) }));
  if (mapping !== null)
    programs.push({
      recognises: (message) => isMapped(message, mapping),
      decode: mapped(mapping, cleaner),
    });
  // Presets are read when the first message needs them. Most logs need none, and reading them takes a tenth of the time
  // in which a command starts.
  let made: ReturnType<typeof makePresets> | undefined;
  function makePresets() {
    const all = presets();
    const plain = all.filter(({ mapping: { readAs } }) => readAs === null);
    return {
      findPreset: recogniser(plain.filter(({ mapping: { askedLast } }) => !askedLast)),
      findLast: recogniser(plain.filter(({ mapping: { askedLast } }) => askedLast)),
      findEnvelope: recogniser(all.filter(({ mapping: { readAs } }) => readAs !== null)),
      decoders: new Map(plain.map((preset) => [preset, mapped(preset.mapping, cleaner)])),
    };
  }

  const decodeKnown: DecodeKnown = (value, at, envelopes, hasOwnTime = true) => {
    const { now, written } = at;
    const message = asObject(value);
    if (message === null) return null;
    if (native.recognises(message) && (hasOwnTime || !isOfOthers(message)))
      return decodeNative(message, now, written);
    for (const { recognises, decode } of programs)
      if (recognises(message)) return decode(message, now, written);
    made ??= makePresets();
    const { findPreset, findEnvelope, findLast, decoders } = made;
    for (const preset of findPreset(message)) return decoders.get(preset)?.(message, now, written) ?? null;
    if (envelopes < MOST_ENVELOPES)
      for (const envelope of findEnvelope(message)) {
        const decoded = decodeInner(message, envelope.mapping, at, envelopes + 1);
        if (decoded !== null) return decoded;
      }
    for (const preset of findLast(message)) return decoders.get(preset)?.(message, now, written) ?? null;
    // A native record that lacks its outcome becomes a dead letter, whose reason says so.
    return message['ts'] === undefined || !hasOwnTime ? null : decodeNative(message, now, written);
  };

  /**
   * The records of an envelope. Null when no format recognises any of them, because then the message may not be an
   * envelope.
   */
  function decodeInner(
    message: JsonObject,
    envelope: Mapping,
    at: RecordTimes,
    envelopes: number,
  ): Decoded | null {
    const reason = envelope.skip.find(({ holds }) => holds({ record: message, message, odd: false }))?.reason;
    if (reason !== undefined) return { kind: 'skip', reason };
    for (const { steps } of envelope.records) {
      const parts = new MessageParts();
      let isKnown = false;
      const add = (value: unknown): void => {
        const record = typeof value === 'string' ? (jsonInText(value) ?? value) : value;
        if (Array.isArray(record)) {
          for (const one of record) add(one);
          return;
        }
        const decoded =
          decodeKnown(record, at, envelopes) ??
          decodeKnown(completed(record, message, envelope), at, envelopes, false);
        isKnown ||= decoded !== null || beginsAsJson(record);
        parts.add(decoded ?? notKnown(record), () => JSON.stringify(cleaner.value(record)));
      };
      for (const item of readMany(message, steps) ?? []) {
        const lost = decodeLost(item);
        if (lost === null) add(item.value);
        else parts.add(lost, () => JSON.stringify(cleaner.value(item.value)));
      }
      if (isKnown) return parts.one();
    }
    return null;
  }
  return decodeKnown;
}

/** The record together with the members that only its envelope has. */
function completed(record: unknown, message: JsonObject, { fields }: Mapping): unknown {
  const inner = asObject(record);
  if (inner === null) return record;
  const more: Record<string, unknown> = {};
  for (const { name, read } of fields)
    if (inner[name] === undefined) more[name] = read({ record: message, message, odd: false });
  return { ...inner, ...more };
}

/**
 * The result for a record in an envelope that no format recognises. A program also writes lines that are not records,
 * so a line of plain text is skipped.
 */
function notKnown(value: unknown): Decoded {
  if (beginsAsJson(value))
    return { kind: 'reject', reason: 'not_json', detail: 'the record in its envelope is broken JSON' };
  return typeof value === 'string'
    ? { kind: 'skip', reason: 'plain_text' }
    : unknownFormat('no known format has the shape of this record in its envelope');
}

function beginsAsJson(value: unknown): boolean {
  return typeof value === 'string' && /^\s?\{\s?"/.test(value);
}

/**
 * Whether the user's mapping applies. The mapping's conditions decide; if it has none, a value at the path of the time
 * decides.
 */
function isMapped(message: JsonObject, mapping: Mapping): boolean {
  if (mapping.recognise !== null) return mapping.recognise.holds({ record: message, message, odd: false });
  const found = mapping.records.length === 0 ? null : findRecords(message, mapping.records);
  if (mapping.records.length > 0 && found === null) return false;
  const scope = {
    record: found === null ? message : found.items.find(({ lost }) => lost === undefined)?.value,
    message,
    odd: false,
  };
  const ts = mapping.fields.find(({ name }) => name === 'ts');
  return ts !== undefined && (ts.read(scope) !== undefined || scope.odd);
}

function isOfOthers(message: JsonObject): boolean {
  if (message['status'] !== undefined) return false;
  // Errors of Datadog have a `kind`.
  return (
    OTHER_STATUS.some((name) => message[name] !== undefined) ||
    asObject(message['error'])?.['kind'] !== undefined
  );
}

function unknownFormat(detail: string): Decoded {
  return { kind: 'reject', reason: 'unknown_format', detail };
}

/** Names under which other formats have the time. */
const TIMES = [
  'timestamp',
  '@timestamp',
  'time',
  'Time',
  'datetime',
  'date',
  'created_at',
  'start_time',
  'end_time',
];

function lackOfTime(message: JsonObject): string {
  const name = TIMES.find((one) => message[one] !== undefined);
  return name === undefined
    ? 'ts: missing'
    : `ts: missing; ${name} looks like the time: faultline init proposes a mapping that reads it`;
}

function lacksOnlyTime(message: JsonObject): boolean {
  return NATIVE_MEMBERS.filter((name) => message[name] !== undefined).length > 1;
}
