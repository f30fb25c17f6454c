import { UserError } from '../errors.ts';
import { parseDuration } from './when.ts';

/** A TCP port; 0 lets the system choose. */
export const port = (text: string, flag: string): number => wholeNumber(text, flag, 0, 65_535);

/** A whole number of at least 1. */
export const count = (text: string, flag: string): number =>
  wholeNumber(text, flag, 1, Number.MAX_SAFE_INTEGER);

/** A whole number of at least 0, such as a seed. */
export const natural = (text: string, flag: string): number =>
  wholeNumber(text, flag, 0, Number.MAX_SAFE_INTEGER);

/** A number above 0, such as a rate or a factor. */
export function positive(text: string, flag: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new UserError(`${flag} is ${JSON.stringify(text)}: must be a number above 0`);
}

/** How long to wait, in ms: a duration such as `60s`; 0 means not at all. */
export function wait(text: string, flag: string): number {
  return /^0+[smhdw]?$/.test(text.trim()) ? 0 : parseDuration(text, flag) * 1_000;
}

function wholeNumber(text: string, flag: string, min: number, max: number): number {
  const value = /^\d{1,16}$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  throw new UserError(`${flag} is ${JSON.stringify(text)}: must be a whole number ${range}`);
}
