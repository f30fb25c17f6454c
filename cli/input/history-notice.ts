import { open, stat } from 'node:fs/promises';
import type { RetainedTable, Retention } from '../../domain/retention.ts';
import { createDecoder, type DecoderOptions } from '../../ingest/formats/decode.ts';
import { formatTime } from '../format/numbers.ts';

/** The oldest and newest event time, epoch ms. */
export interface Span {
  first: number;
  last: number;
}

const LOOK_BYTES = 256 * 1024;
const DAY_MS = 86_400_000;

/** The span of the requests at the beginning and the end of a file; null when none is found there. Throws Node's error with the path. */
export async function readSpan(file: string, options: DecoderOptions, now: number): Promise<Span | null> {
  const { size } = await stat(file);
  const handle = await open(file);
  try {
    const read = async (from: number): Promise<Buffer> => {
      const bytes = Buffer.alloc(Math.min(LOOK_BYTES, size));
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, from);
      return bytes.subarray(0, bytesRead);
    };
    const head = await read(0);
    const tail = await read(Math.max(0, size - LOOK_BYTES));
    return spanOf([...lines(head), ...lines(tail)], options, now);
  } finally {
    await handle.close();
  }
}

/** Pieces of lines at the edges are no records, and so say nothing. */
function lines(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  let from = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
    found.push(bytes.subarray(from, end));
    from = end + 1;
  }
  return [...found, bytes.subarray(from)];
}

/** Pure. */
export function spanOf(messages: readonly Buffer[], options: DecoderOptions, now: number): Span | null {
  const decode = createDecoder(options);
  const span: Span = { first: Number.POSITIVE_INFINITY, last: Number.NEGATIVE_INFINITY };
  for (const message of messages) {
    const decoded = decode(message, now);
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

/** One line that says how long a history will be kept; null when it is as fresh as all tables keep. Pure; `now` epoch ms. */
export function historyNotice(
  name: string,
  { first, last }: Span,
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
    return `${what} until ${new Date(Math.max(now, last) + days * DAY_MS).toISOString().slice(0, 10)}`;
  });
  return `${name} holds requests from ${formatTime(first)} to ${formatTime(last)} UTC: they are kept from this import on, ${parts.join(', ')}, then they are dropped (clickhouse.retention)`;
}
