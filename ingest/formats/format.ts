import type { Decoded } from '../../domain/request-log.ts';
import type { Cleaner } from '../fields/clean.ts';

/** A JSON object as it came: any member may be missing or of any type. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Epoch ms: now, and when the source of a message says that it was written. */
export interface Moment {
  now: number;
  written: number;
}

/** From one parsed message to its requests; `now`, and when its source says that it was written, are epoch ms. */
export type Decode = (message: unknown, now: number, written: number) => Decoded;

/** One wire format that is read by a program. Formats that a mapping can describe are files in `presets/`. */
export interface Format {
  /** Whether a message has this format's shape. */
  recognises: (message: JsonObject) => boolean;
  /** The decoder, whose texts go through the cleaner. */
  create: (cleaner: Cleaner) => Decode;
}

/** The value as an object; null for anything else, arrays included. */
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

/** The first number, also one written as text; undefined when there is none. */
export function firstNumber(...values: readonly unknown[]): number | undefined {
  for (const value of values) {
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    if (typeof number === 'number' && Number.isFinite(number)) return number;
  }
  return undefined;
}
