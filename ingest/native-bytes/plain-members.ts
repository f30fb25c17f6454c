import { z } from 'zod';
import { byCallerDimension, callerDimensions } from '../../domain/count-row.ts';
import { type NativeRecord, nativeRecord } from '../../domain/request-log.ts';
import { CALL_MEMBERS, LOGGER_MEMBERS } from '../formats/native.ts';
import { type ComparableBytes, wordsOf } from './ascii-cursor.ts';

/** Each member has one bit of a mask; the highest bit stands for all members of loggers. */
const BITS = 30;
const LOGGER_BIT = 1 << BITS;
const HERE = 'ingest/native-bytes/plain-members.ts';

/** The kind of a member decides how it is read. */
type MemberKind =
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
  readonly kind: MemberKind;
  /** The name and the quote after it. */
  readonly name: ComparableBytes;
  /**
   * The bit of this member in the mask of members seen; 0 for a member that belongs neither to the format nor to
   * loggers.
   */
  readonly bit: number;
  /** Index among the numbers or the dimensions; -1 for other kinds. */
  readonly index: number;
  /** The member that followed this one last time. A logger writes members in the same order each time. */
  next: Member | null;
}

/** The kind of each member. If the schema has a member that this table lacks, loading this file throws an error. */
const kinds: Readonly<Record<keyof NativeRecord, Exclude<MemberKind, 'unknown'>>> = {
  ...byCallerDimension(() => 'dimension' as const),
  ts: 'ts',
  request_id: 'request_id',
  method: 'text',
  status: 'number',
  latency_ms: 'number',
  ttft_ms: 'number',
  input_tokens: 'number',
  output_tokens: 'number',
  cost_usd: 'number',
  retry_count: 'number',
  stream: 'stream',
  headers: 'headers',
  error: 'error',
  exception: 'exception',
};

type SchemaShape = Readonly<Record<string, z.core.$ZodType>>;

/**
 * The members of a schema, and the largest value of each number in the order of their indexes. Throws when a member has
 * no kind.
 */
export function membersOf(shape: SchemaShape): { members: ReadonlyMap<string, Member>; most: Float64Array } {
  const members = new Map<string, Member>();
  const most: number[] = [];
  for (const [i, [name, schema]] of Object.entries(shape).entries()) {
    const kind = Object.hasOwn(kinds, name) ? kinds[name as keyof NativeRecord] : undefined;
    if (kind === undefined)
      throw new Error(
        `the byte reader does not know member ${name} of the native record: say in ${HERE} how it is read`,
      );
    if (i >= BITS) throw new Error(`the native record has over ${BITS} members: ${HERE} needs a wider mask`);
    const index = indexOf(name, kind, most.length);
    if (kind === 'number') most.push(mostOf(name, schema));
    members.set(name, newMember(name, kind, index, 1 << i));
  }
  const missing = Object.keys(kinds).filter((name) => !members.has(name));
  if (missing.length > 0)
    throw new Error(`the native record has no member ${missing.join(', ')}: ${HERE} names it`);
  return { members, most: Float64Array.from(most) };
}

function indexOf(name: string, kind: MemberKind, numbers: number): number {
  if (kind === 'number') return numbers;
  return kind === 'dimension' ? callerDimensions.findIndex((one) => one === name) : -1;
}

function mostOf(name: string, schema: z.core.$ZodType): number {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable)
    return mostOf(name, schema.unwrap());
  const largest = schema instanceof z.ZodNumber ? schema.maxValue : null;
  if (largest !== null && Number.isFinite(largest)) return largest;
  throw new Error(`member ${name} of the native record is not a number with a largest value: see ${HERE}`);
}

const { members: formatMembers, most } = membersOf(nativeRecord.shape);

/** The largest value of each number, from the schema. */
export const mostNumbers: Readonly<Float64Array> = most;

/** The index of a number among the numbers of the native record. Throws when the member is not a number. */
export function numberAt(name: keyof NativeRecord): number {
  const member = formatMembers.get(name);
  if (member?.kind !== 'number') throw new Error(`${name} is not a number of the native record`);
  return member.index;
}

/** The member with this name. */
export function memberOf(name: string): Member {
  return formatMembers.get(name) ?? (isOfLoggers(name) ? loggerMember(name) : unknownMember(name));
}

/** True if a record has members of a logger but none of a call. Another format may then fit better. */
export function isLoggerLine(met: number): boolean {
  return (met & LOGGER_BIT) !== 0 && (met & callBits) === 0;
}

const callBits = CALL_MEMBERS.reduce((bits, name) => bits | memberOf(name).bit, 0);

function isOfLoggers(name: string): boolean {
  return LOGGER_MEMBERS.some((one) => one === name);
}

function loggerMember(name: string): Member {
  return newMember(name, 'unknown', -1, LOGGER_BIT);
}

export function unknownMember(name: string): Member {
  return newMember(name, 'unknown', -1, 0);
}

function newMember(name: string, kind: MemberKind, index: number, bit: number): Member {
  return { kind, name: wordsOf(Buffer.from(`${name}"`, 'latin1')), bit, index, next: null };
}
