import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import type { JsonObject } from '../format.ts';
import { logsData, type ProtoField, type ProtoMessage, type Scalar, tracesData } from './proto-messages.ts';
import { signalOf } from './proto-signal.ts';

/**
 * The message in the form of OTLP/JSON, or why the bytes are not a message: the end of a sentence that begins with
 * "it".
 */
export type OtlpBytes = { message: JsonObject } | { message: null; why: string; tooDeep: boolean };

/**
 * The first byte of every OTLP message: field 1, with a length. In JSON this byte is a line end, and no JSON value
 * begins with it.
 */
export const OTLP_FIRST_BYTE = 0x0a;

const WIRE: Readonly<Record<Scalar | 'message', WireType>> = {
  string: WireType.LengthDelimited,
  hex: WireType.LengthDelimited,
  base64: WireType.LengthDelimited,
  message: WireType.LengthDelimited,
  bool: WireType.Varint,
  uint32: WireType.Varint,
  int64: WireType.Varint,
  fixed32: WireType.Bit32,
  double: WireType.Bit64,
  fixed64: WireType.Bit64,
};

class TooDeep extends Error {}

/**
 * Converts spans or log records in protobuf (`ExportTraceServiceRequest`, `TracesData`, `ExportLogsServiceRequest`,
 * `LogsData`) to OTLP/JSON; metrics become an empty `resourceMetrics`. Never throws. The bytes may come from anybody,
 * so the limits are those of JSON: the result is not larger than JSON of that size could be, and nests at most
 * `deepest` objects and lists.
 */
export function readOtlpProtobuf(bytes: Uint8Array, deepest: number): OtlpBytes {
  try {
    const signal = signalOf(bytes);
    if (signal === null)
      return { message: null, why: 'holds no spans, log records or metrics', tooDeep: false };
    if (signal === 'metrics') return { message: { resourceMetrics: [] } };
    const reader = new BinaryReader(bytes);
    const message = readMessage(
      reader,
      reader.len,
      signal === 'traces' ? tracesData : logsData,
      {},
      deepest - 1,
    );
    return { message };
  } catch (error) {
    const why = error instanceof Error ? error.message : 'is damaged';
    return { message: null, why, tooDeep: error instanceof TooDeep };
  }
}

/** Reads the fields up to `end` into `into`. `left`: how many levels of objects and lists may still nest inside. */
function readMessage(
  reader: BinaryReader,
  end: number,
  { fields, oneOf, closed }: ProtoMessage,
  into: Record<string, unknown>,
  left: number,
): Record<string, unknown> {
  while (reader.pos < end) {
    const [number, wire] = reader.tag();
    const field = Object.hasOwn(fields, number) ? fields[number] : undefined;
    if (field === undefined || wire !== WIRE[typeof field.type === 'string' ? field.type : 'message']) {
      if (closed) throw new Error(`has a field ${number} where OTLP has none`);
      reader.skip(wire, number);
      continue;
    }
    if (oneOf) for (const name of Object.keys(into)) delete into[name];
    readField(reader, field, into, left);
  }
  if (reader.pos !== end) throw new Error('ends within a field');
  return into;
}

function readField(
  reader: BinaryReader,
  { name, type, many }: ProtoField,
  into: Record<string, unknown>,
  left: number,
): void {
  if (typeof type === 'string') {
    into[name] = readScalar(reader, type);
    return;
  }
  const inside = left - (many ? 2 : 1);
  if (inside < 0) throw new TooDeep('nests too deeply');
  const length = reader.uint32();
  const end = reader.pos + length;
  if (end > reader.len) throw new Error('ends within a field');
  if (!many) {
    // If a message field occurs twice, protobuf merges both.
    const before = into[name];
    const target = typeof before === 'object' && before !== null ? (before as Record<string, unknown>) : {};
    into[name] = readMessage(reader, end, type, target, inside);
    return;
  }
  const list = into[name];
  const value = readMessage(reader, end, type, {}, inside);
  if (Array.isArray(list)) list.push(value);
  else into[name] = [value];
}

function readScalar(reader: BinaryReader, type: Scalar): unknown {
  switch (type) {
    case 'string':
      return reader.string();
    case 'hex':
      return textOf(reader.bytes(), 'hex');
    case 'base64':
      return textOf(reader.bytes(), 'base64');
    case 'bool':
      return reader.bool();
    case 'double':
      return reader.double();
    case 'uint32':
      return reader.uint32();
    case 'fixed32':
      return reader.fixed32();
    case 'int64':
      return reader.int64().toString();
    case 'fixed64':
      return reader.fixed64().toString();
  }
}

function textOf(bytes: Uint8Array, encoding: 'hex' | 'base64'): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(encoding);
}
