import type { Decoded } from '../../domain/request-log.ts';
import type { Cleaner } from '../fields/clean.ts';

/** A parsed JSON object: any member may be missing or of any type. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Epoch milliseconds: the present time, and when the message was written according to its source. */
export interface RecordTimes {
  now: number;
  written: number;
}

/**
 * Decodes one parsed message to its requests. `now` and `written` (when the message was written, according to its
 * source) are epoch milliseconds.
 */
export type Decode = (message: unknown, now: number, written: number) => Decoded;

/** A wire format that is written in code. Formats that a mapping can describe are files in `presets/`. */
export interface Format {
  /** Whether a message looks like this format. */
  recognises: (message: JsonObject) => boolean;
  /** Makes the decoder; all its texts pass through the cleaner. */
  create: (cleaner: Cleaner) => Decode;
}

/** The value as an object; null for any other value, including arrays. */
export function asObject(value: unknown): JsonObject | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
}

/** The value as a list; empty for anything else. */
export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The first text that is not empty; undefined when there is none. */
export function firstText(...values: readonly unknown[]): string | undefined {
  return values.find((value): value is string => typeof value === 'string' && value !== '');
}

/** The first number, including numbers written as text; undefined when there is none. */
export function firstNumber(...values: readonly unknown[]): number | undefined {
  for (const value of values) {
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    if (typeof number === 'number' && Number.isFinite(number)) return number;
  }
  return undefined;
}
