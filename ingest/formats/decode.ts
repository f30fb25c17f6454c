import { isAscii, isUtf8 } from 'node:buffer';
import type { Decoded, RejectReason } from '../../domain/request-log.ts';
import { Cleaner } from '../fields/clean.ts';
import { isGzip, LARGEST_UNPACKED, unpackGzip } from '../packed.ts';
import { documentsIn } from './mapping/documents.ts';
import type { Decode } from './format.ts';
import { type FormatOptions, recordDecoder } from './formats.ts';
import { DEEPEST, nestsTooDeeply } from './mapping/json-depth.ts';
import { OTLP_FIRST_BYTE, readOtlpProtobuf } from './otel/protobuf.ts';

export type DecoderOptions = FormatOptions;
/**
 * Decodes the bytes of a message. `written` is `now` unless it is given: a message without a source was written now.
 */
export type DecodeBytes = (value: Buffer | null, now: number, written?: number) => Decoded;

/** A larger message is not a log record. */
export const LARGEST_BYTES = 1024 * 1024;
/**
 * One message of OpenTelemetry is a batch of many requests. The Collector sends at most 1 MB by default; the higher
 * limit is for Collectors with other settings and for lines of its file exporter. It equals the longest line that is
 * read whole.
 */
export const LARGEST_OTLP_BYTES = 4 * LARGEST_BYTES;
const OTLP_JSON = /^\s*\{\s*"resource(?:Spans|Logs|Metrics)"/;

/**
 * Makes a function that decodes the bytes of a message to its request logs, redacted, or to the reason why there are
 * none. `now` and `written` (when the message was written, according to its source) are epoch milliseconds. The
 * function never throws, whatever the bytes. Throws at once when the mapping is wrong.
 */
export function createDecoder(options: DecoderOptions, cleaner = new Cleaner()): DecodeBytes {
  return bytesDecoder(recordDecoder(options, cleaner), options.format);
}

/** Adds the steps from bytes to a parsed message to a decoder of parsed messages. */
export function bytesDecoder(decodeRecord: Decode, format: FormatOptions['format']): DecodeBytes {
  const mayBeOtlp = format === 'auto' || format === 'otel-genai';
  return (value, now, written = now) => {
    if (value === null || value.length === 0) return { kind: 'skip', reason: 'tombstone' };
    // This limit also applies to compressed bytes, in addition to the limit of their uncompressed size.
    const most = mayBeOtlp && beginsLikeOtlp(value) ? LARGEST_OTLP_BYTES : LARGEST_BYTES;
    if (value.length > most) return reject('too_large', `${value.length} bytes; at most ${most}`);
    const bytes = isGzip(value) ? unpackGzip(value) : value;
    if (typeof bytes === 'string') return notUnpacked(bytes);
    const parsed = bytes === value ? parse(bytes) : parseUnpacked(bytes);
    if ('value' in parsed) return decodeRecord(parsed.value, now, written);
    // Protobuf is tried only on bytes that are not JSON, so that no record in JSON is mistaken for protobuf.
    return mayBeOtlp
      ? decodeProtobuf(bytes, parsed, (message) => decodeRecord(message, now, written))
      : reject(parsed.reason, parsed.detail);
  };
}

type ParsedBytes = { value: unknown } | DecodeFault;
interface DecodeFault {
  reason: RejectReason;
  detail: string;
}

function parse(bytes: Buffer): ParsedBytes {
  const given = toText(bytes);
  // Records of a JSON text sequence (RFC 7464) begin with this mark, even when each record is on a line of its own.
  const text = given?.charCodeAt(0) === 0x1e ? given.slice(1) : given;
  if (text === null) return { reason: 'not_utf8', detail: 'the message is not valid UTF-8' };
  if (nestsTooDeeply(text)) return { reason: 'too_deep', detail: `nested deeper than ${DEEPEST}` };
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    const documents = documentsIn(text);
    if (documents !== null) return { value: documents };
    return containerLine(text) ?? { reason: 'not_json', detail: explain(error) };
  }
}

/** What containerd and CRI-O write before each line of a container. */
const CRI = /^(\S{20,40}) (stdout|stderr) ([FP])(?::\S{1,20})? /;

/**
 * A line of containerd or CRI-O as an object with the members that log shippers give it, so that one envelope preset
 * reads both.
 */
function containerLine(text: string): { value: object } | null {
  const [before, time, stream, logtag] = CRI.exec(text) ?? [];
  return before === undefined ? null : { value: { log: text.slice(before.length), stream, logtag, time } };
}

/**
 * Parses uncompressed data. If the data have many lines, each line is a record, and a line that is not JSON stays a
 * text.
 */
function parseUnpacked(bytes: Buffer): ParsedBytes {
  const parsed = parse(bytes);
  if ('value' in parsed || parsed.reason !== 'not_json') return parsed;
  const lines = bytes
    .toString('utf8')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const records = lines.map((line) => {
    const one = parse(Buffer.from(line));
    return 'value' in one ? one.value : line;
  });
  return records.length > 1 && records.some((one) => typeof one === 'object') ? { value: records } : parsed;
}

function notUnpacked(why: 'too_large' | 'damaged'): Decoded {
  return why === 'too_large'
    ? reject('too_large', `gzip of more than ${LARGEST_UNPACKED} bytes`)
    : reject('not_json', 'gzip that is cut off or damaged');
}

function beginsLikeOtlp(bytes: Buffer): boolean {
  return bytes[0] === OTLP_FIRST_BYTE || OTLP_JSON.test(bytes.toString('latin1', 0, 64));
}

/** Decodes OTLP in protobuf; otherwise rejects the bytes. `fault` is the reason why they are not JSON. */
function decodeProtobuf(
  bytes: Buffer,
  fault: DecodeFault,
  decodeMessage: (message: unknown) => Decoded,
): Decoded {
  if (bytes[0] === OTLP_FIRST_BYTE) {
    const otlp = readOtlpProtobuf(bytes, DEEPEST);
    if (otlp.message !== null) return decodeMessage(otlp.message);
    if (otlp.tooDeep) return reject('too_deep', `protobuf nested deeper than ${DEEPEST}`);
    if (fault.reason === 'not_utf8')
      return reject('not_utf8', `neither text nor OTLP in protobuf: it ${otlp.why}`);
  }
  return reject(fault.reason, fault.detail);
}

function reject(reason: RejectReason, detail: string): Decoded {
  return { kind: 'reject', reason, detail };
}

/** The text of the bytes; null when they are not UTF-8. Nearly all texts are ASCII, for which this is fastest. */
export function toText(value: Buffer): string | null {
  if (isAscii(value)) return value.toString('latin1');
  if (!isUtf8(value)) return null;
  const text = value.toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

/**
 * Explains an error of JSON.parse. V8 quotes the text around the fault, which may hold a secret, so only the position
 * is used.
 */
function explain(error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  const place = /at position (\d+)/.exec(message)?.[1];
  if (place !== undefined) return `not JSON: unexpected character at position ${place}`;
  return message.startsWith('Unexpected end') ? 'not JSON: it ends too early' : 'not JSON';
}
