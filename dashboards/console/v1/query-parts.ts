import { z } from 'zod';
import { parseCondition } from '../../../domain/condition.ts';
import { parseMoment } from '../../../domain/moment.ts';
import {
  planFilters,
  toDimension,
  TrendError,
  type TrendFilter,
} from '../../../store/queries/trends-plan.ts';
import { repeated } from '../checked.ts';
import { BadParameter } from '../parameters.ts';

/** A time in a parameter. */
export const moment = z.string({ error: repeated }).max(64, 'is too long').meta({
  description: 'A time: now, now-6h, 2026-03-01T12:00:00Z, or epoch seconds or milliseconds.',
  example: 'now-6h',
});

/** Conditions on dimensions, each as `model=gpt-4.1` or `class!=ok,rate_limit`. */
export const where = z
  .array(z.string().max(2_048, 'is too long'))
  .max(32, 'has more than 32 conditions')
  .default([])
  .meta({
    description:
      'A condition such as model=gpt-4.1 or class!=ok. Commas between values mean "or". In a value, write \\, for a comma, and \\\\ for a backslash before a comma or a backslash. May be repeated; all conditions must hold.',
  });

/** Names of dimensions, separated by commas. */
export const names = z.string({ error: repeated }).max(200, 'is too long');

/** The parameter `limit`, the largest number of items in an answer: from 1 to `most`, and `preset` if it is absent. */
export const limit = (preset: number, most: number) =>
  z.coerce
    .number(`is not a number from 1 to ${most}`)
    .int('is not a whole number')
    .min(1, `is not a number from 1 to ${most}`)
    .max(most, `is not a number from 1 to ${most}`)
    .default(preset);

/** The start of the next page: the `next` of the answer before. */
export const cursor = z
  .string({ error: repeated })
  .max(1_024, 'is too long')
  .meta({ description: 'The `next` of the page before.' });

/** The ends of a span, epoch seconds. Throws `BadParameter`. */
export function spanOf(from: string, to: string, present: number): { from: number; to: number } {
  const [start, end] = [secondsOf('from', from, present), secondsOf('to', to, present)];
  if (end <= start) throw new BadParameter('to: is not after from');
  return { from: start, to: end };
}

/** The epoch seconds of a time from 2000 to 2099. Throws `BadParameter` with the name of the parameter. */
export function secondsOf(name: string, text: string, present: number): number {
  const time = parseMoment(text, present);
  if (time === null)
    throw new BadParameter(
      `${name}: is not a time such as now-6h, 2026-03-01T12:00:00Z or epoch milliseconds, from 2000 to 2099`,
    );
  return time / 1_000;
}

/**
 * Runs a planner of queries. If the planner refuses the question, throws `BadParameter` with the parameter that the
 * planner names, or `name` if it names none.
 */
export function asked<Value>(act: () => Value, name: string): Value {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof TrendError)) throw error;
    throw new BadParameter(`${error.parameter ?? name}: ${error.message}`, { cause: error });
  }
}

/** Reads conditions on dimensions. Throws `BadParameter`. */
export function filtersOf(conditions: readonly string[]): readonly TrendFilter[] {
  const filters = conditions.map((text) => {
    const found = parseCondition(text);
    if (found === null)
      throw new BadParameter(
        `where: ${JSON.stringify(text.slice(0, 80))} is not a condition such as model=gpt-4.1 or class!=ok`,
      );
    return found;
  });
  asked(() => planFilters(filters), 'where');
  return filters;
}

/** Reads names of dimensions that are separated by commas. Throws `BadParameter`. */
export function dimensionsOf(text: string): readonly string[] {
  return asked(() => namesOf(text).map(toDimension), 'by');
}

/** Reads names that are separated by commas. */
export function namesOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
}

/** Epoch seconds as ISO-8601 in UTC. */
export function iso(seconds: number): string {
  return new Date(Math.round(seconds * 1_000)).toISOString();
}

/** A time in an answer. */
export const time = z.iso.datetime();
