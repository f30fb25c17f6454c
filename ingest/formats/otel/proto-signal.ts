import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

export type Signal = 'traces' | 'logs' | 'metrics';

const TRACE_BYTES = 16;
const SPAN_BYTES = 8;

/**
 * Finds the signal of an OTLP message: traces, logs or metrics. All signals have the same envelope, so the wire types
 * of the items decide. Null when no item fits a signal. Throws when the envelope is damaged. The function decodes no
 * values, so it is fast.
 */
export function signalOf(bytes: Uint8Array): Signal | null {
  for (const resource of inside(bytes, 1)) {
    for (const scope of inside(resource, 2)) {
      for (const item of inside(scope, 2)) {
        const signal = signalOfItem(item);
        if (signal !== null) return signal;
      }
    }
  }
  return null;
}

/** The content of each field with this number. */
function* inside(bytes: Uint8Array, wanted: number): Generator<Uint8Array> {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag();
    if (number === wanted && wire === WireType.LengthDelimited) yield reader.bytes();
    else reader.skip(wire, number);
  }
}

/**
 * Field 1 is a time in a log record, the trace id in a span, and the name in a metric. The times of a span are fields 7
 * and 8. A span without times differs from a metric by the lengths of its two ids.
 */
function signalOfItem(bytes: Uint8Array): Signal | null {
  const reader = new BinaryReader(bytes);
  const lengths: Record<number, number> = {};
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag();
    if (wire === WireType.Bit64) {
      if (number === 1 || number === 11) return 'logs';
      if (number === 7 || number === 8) return 'traces';
    }
    const before = reader.pos;
    reader.skip(wire, number);
    if (wire === WireType.LengthDelimited) lengths[number] = reader.pos - before - 1;
  }
  if (lengths[1] === TRACE_BYTES && lengths[2] === SPAN_BYTES) return 'traces';
  if (lengths[1] !== undefined) return 'metrics';
  return lengths[6] === undefined ? null : 'logs';
}
