import { open } from 'node:fs/promises';
import type { RetainedTable, Retention } from '../../domain/retention.ts';
import { createDecoder, type DecoderOptions } from '../../ingest/formats/decode.ts';
import { readAt } from '../../ingest/sources/line-file.ts';
import { piecesOf } from '../../ingest/sources/packed-file.ts';
import { UnpackedRecords } from '../../ingest/sources/unpack.ts';
import { formatTime } from '../format/numbers.ts';

/** The oldest and newest event time, epoch ms. */
export interface LogSpan {
  first: number;
  /** Null when only the beginning of the log was read. */
  last: number | null;
}

const LOOK_BYTES = 256 * 1024;
const DAY_MS = 86_400_000;

/**
 * The time span of the requests at the beginning of a file, and at its end if that can be read separately; null when
 * there are none. Throws Node's error with the path.
 */
export async function readSpan(file: string, options: DecoderOptions, now: number): Promise<LogSpan | null> {
  const handle = await open(file);
  try {
    const head = new UnpackedRecords(piecesOf(handle), file, 0, 'line');
    const records: Buffer[] = [];
    let bytes = 0;
    for (let read = await head.read(); read !== null && bytes < LOOK_BYTES; read = await head.read())
      for (const { value } of read.flat()) {
        if (value === null || bytes >= LOOK_BYTES) continue;
        records.push(value);
        bytes += value.length;
      }
    head.close();
    const { size, mtimeMs } = await handle.stat();
    if (!head.isPlain) {
      const span = spanOf(records, options, { now, written: mtimeMs });
      return span === null ? null : { ...span, last: null };
    }
    return spanOf(
      [...records, ...lines(await readAt(handle, Math.max(0, size - LOOK_BYTES), LOOK_BYTES))],
      options,
      { now, written: mtimeMs },
    );
  } finally {
    await handle.close();
  }
}

/**
 * Splits bytes into lines. The first and the last may be parts of lines; these cannot be decoded, so they are ignored
 * later.
 */
function lines(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  let from = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
    found.push(bytes.subarray(from, end));
    from = end + 1;
  }
  return [...found, bytes.subarray(from)];
}

/**
 * The time span of the requests in these messages. Pure. `now`, and `written`, the time of the file's last change, are
 * epoch ms.
 */
export function spanOf(
  messages: readonly Buffer[],
  options: DecoderOptions,
  { now, written }: { now: number; written: number },
): { first: number; last: number } | null {
  const decode = createDecoder(options);
  const span = { first: Number.POSITIVE_INFINITY, last: Number.NEGATIVE_INFINITY };
  for (const message of messages) {
    const decoded = decode(message, now, written);
    if (decoded.kind !== 'ok') continue;
    for (const { ts } of decoded.records) {
      span.first = Math.min(span.first, ts);
      span.last = Math.max(span.last, ts);
    }
  }
  return span.first > span.last ? null : span;
}

const shown: readonly (readonly [RetainedTable, string])[] = [
  ['request_counts', 'counts per 10 s'],
  ['request_counts_1m', 'counts per minute'],
  ['request_counts_1h', 'counts per hour'],
  ['error_events', 'failures'],
  ['incidents', 'incidents'],
];

/**
 * One line that says how long a history will be kept; null when all tables still keep even its oldest request. Pure;
 * `now` is epoch ms.
 */
export function historyNotice(
  name: string,
  { first, last }: LogSpan,
  retention: Retention,
  now: number,
): string | null {
  const isOlder = shown.some(([table]) => {
    const days = retention[table];
    return days !== null && first < now - days * DAY_MS;
  });
  if (!isOlder) return null;
  const parts = shown.map(([table, what]) => {
    const days = retention[table];
    if (days === null) return `${what} for ever`;
    return `${what} until ${new Date(Math.max(now, last ?? now) + days * DAY_MS).toISOString().slice(0, 10)}`;
  });
  return `${name} holds requests from ${formatTime(first)} ${last === null ? 'UTC on' : `to ${formatTime(last)} UTC`}: they are kept from this import on, ${parts.join(', ')}, then they are dropped (clickhouse.retention)`;
}
