import { z } from 'zod';
import { COUNT_INTERVAL_SECONDS } from '../../domain/count-row.ts';
import { parseMoment } from '../../domain/moment.ts';
import { type FilterVariable, filterVariables, type Panel } from '../panel.ts';
import { alignRange, MAX_POINTS, stepFor, type TimeRange } from './time-range.ts';

/** Values to which the answer is limited; an absent dimension means all. */
export type Filters = Partial<Record<FilterVariable, readonly string[]>>;

/** A request that the API cannot answer. The message is one line that names the parameter. */
export class BadParameter extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BadParameter';
  }
}

const moment = 'a time such as now-6h, 2026-03-01T12:00:00Z or epoch milliseconds, from 2000 to 2099';
const LONGEST_DAYS = 1_100;

const text = z.string('is given more than once').max(64, 'is too long');
const values = z
  .union([z.string(), z.array(z.string())])
  .transform((given) => (typeof given === 'string' ? [given] : given))
  .pipe(z.array(z.string().max(512, 'is too long')).max(100, 'has more than 100 values'))
  .optional();

const rangeShape = {
  from: text.default('now-24h'),
  to: text.default('now'),
};
const filterShape = Object.fromEntries(filterVariables.map((name) => [name, values])) as Record<
  FilterVariable,
  typeof values
>;
/** The parameters of a panel. */
export const panelQuery = z.strictObject({
  ...rangeShape,
  ...filterShape,
  step: text
    .regex(/^\d{1,7}$/, 'is not a whole number of seconds')
    .transform(Number)
    .optional(),
});
/** The parameters of a question about a range. */
export const rangeQuery = z.strictObject(rangeShape);

export type PanelQuery = z.infer<typeof panelQuery>;

/**
 * The range, step and filters that a request for a panel asks for. The step is never shorter than `minStep` of the
 * panel. Throws `BadParameter`.
 */
export function panelParameters(
  given: PanelQuery,
  present: number,
  panel: Panel,
): { range: TimeRange; filters: Filters } {
  const [from, to] = span(given, present);
  const step = Math.max(given.step ?? stepFor(to - from), panel.minStep ?? COUNT_INTERVAL_SECONDS);
  if ((given.step ?? step) < COUNT_INTERVAL_SECONDS)
    throw new BadParameter('step: is below 10 seconds, the counting interval');
  if ((to - from) / 1_000 / step > MAX_POINTS) {
    throw new BadParameter(`step: gives more than ${MAX_POINTS} points; leave it out or use a longer step`);
  }
  const filters: Filters = {};
  for (const name of filterVariables) {
    const wanted = given[name];
    if (wanted !== undefined) filters[name] = wanted;
  }
  // Only charts need whole steps. Figures and tables get the range that was asked for, in whole counting intervals.
  const isSeries = panel.kind === 'timeseries' || panel.kind === 'bars' || panel.kind === 'heatmap';
  return { range: { ...alignRange(from, to, isSeries ? step : COUNT_INTERVAL_SECONDS), step }, filters };
}

/** The range of a question, in whole steps. Throws `BadParameter`. */
export function rangeParameters(given: z.infer<typeof rangeQuery>, present: number): TimeRange {
  const [from, to] = span(given, present);
  return alignRange(from, to, stepFor(to - from));
}

function span(given: { from: string; to: string }, present: number): [number, number] {
  const from = parseMoment(given.from, present);
  if (from === null) throw new BadParameter(`from: is not ${moment}`);
  const to = parseMoment(given.to, present);
  if (to === null) throw new BadParameter(`to: is not ${moment}`);
  if (to <= from) throw new BadParameter('to: is not after from');
  if (to - from > LONGEST_DAYS * 86_400_000) {
    throw new BadParameter(`from: the range is longer than ${LONGEST_DAYS} days`);
  }
  return [from, to];
}
