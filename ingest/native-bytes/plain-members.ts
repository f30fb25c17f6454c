import { callerDimensions } from '../../domain/count-row.ts';
import { type Words, wordsOf } from './ascii-cursor.ts';

/** What a member of the record must hold to be read here. */
type Kind =
  | 'ts'
  | 'request_id'
  | 'dimension'
  | 'number'
  | 'stream'
  | 'text'
  | 'headers'
  | 'error'
  | 'exception'
  | 'unknown';

export interface Member {
  readonly kind: Kind;
  /** Its name and the quote after it. */
  readonly name: Words;
  /** Its place among the bits that tell which members have been met; 0 for one that is not of the format. */
  readonly bit: number;
  /** Among the numbers, or the dimensions. */
  readonly index: number;
  /** What came after it last time: loggers write members in an order of their own, and keep to it. */
  next: Member | null;
}

export const numberNames = [
  'status',
  'latency_ms',
  'ttft_ms',
  'input_tokens',
  'output_tokens',
  'cost_usd',
  'retry_count',
] as const;

const kinds: [name: string, Kind, index: number][] = [
  ...callerDimensions.map((name, i): [string, Kind, number] => [name, 'dimension', i]),
  ...numberNames.map((name, i): [string, Kind, number] => [name, 'number', i]),
  ['ts', 'ts', -1],
  ['request_id', 'request_id', -1],
  ['method', 'text', -1],
  ['stream', 'stream', -1],
  ['headers', 'headers', -1],
  ['error', 'error', -1],
  ['exception', 'exception', -1],
];
const formatMembers = new Map(
  kinds.map(([name, kind, index], i) => [name, newMember(name, kind, index, 1 << i)]),
);

/** The member of this name. */
export function memberOf(name: string): Member {
  return formatMembers.get(name) ?? unknownMember(name);
}

export function unknownMember(name: string): Member {
  return newMember(name, 'unknown', -1, 0);
}

function newMember(name: string, kind: Kind, index: number, bit: number): Member {
  return { kind, name: wordsOf(Buffer.from(`${name}"`, 'latin1')), bit, index, next: null };
}
