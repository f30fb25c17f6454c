import type { Decoded } from '../../domain/request-log.ts';
import type { Cleaner } from '../fields/clean.ts';

/** A JSON object as it came: any member may be missing or of any type. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** One wire format. */
export interface Format {
  /** Whether a message has this format's shape; `auto` takes the first format that says so. */
  recognises: (message: JsonObject, mapping: Readonly<Record<string, string>>) => boolean;
  /** Whether it can do nothing without a mapping. */
  needsMapping?: true;
  /**
   * The decoder of one parsed message, whose texts go through the cleaner. Only `mapped` reads the mapping, and throws
   * when it is wrong.
   */
  create: (
    mapping: Readonly<Record<string, string>>,
    cleaner: Cleaner,
  ) => (message: unknown, now: number) => Decoded;
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
