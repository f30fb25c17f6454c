import { type ErrorClass, errorClasses } from '../domain/error-class.ts';
import type { Report } from './detector.ts';
import { isoTime } from './iso-time.ts';

/** Number of names in a list. */
const MOST_NAMES = 10;

/** Time of day for people, with the date if it is not the day of `now`. Both are epoch seconds. */
export function clock(seconds: number, now: number): string {
  const [date, time = ''] = isoTime(seconds).split('T');
  const day = date === isoTime(now).slice(0, 10) ? '' : `${date} `;
  return `${day}${time.slice(0, 8)} UTC`;
}

/** A count for people: "12,345". */
export function count(amount: number): string {
  return amount.toLocaleString('en-US');
}

/** A share from 0 to 1 with four digits; 0 when the whole is 0. */
export function share(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 10_000) / 10_000;
}

/** Rounds to one digit after the point. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The names with the largest counts, at most ten; equal counts are in order of the names. */
export function largest(tally: Readonly<Record<string, number>> = {}): string[] {
  return Object.entries(tally)
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, MOST_NAMES)
    .map(([name]) => name);
}

/**
 * What to do about a class: the steps, whether a retry helps, and who must act. `steps` replace the general steps if
 * the kind knows better ones.
 */
export function remedyOf(name: ErrorClass, steps?: readonly string[]): Report['remedy'] {
  const { remedy, retry, owner } = errorClasses[name];
  return { steps: [...(steps ?? remedy)], retry, owner };
}
