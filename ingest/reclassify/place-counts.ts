import { callerDimensions } from '../../domain/count-row.ts';
import type { CountShape, FailureCount } from '../../store/queries/reclassify-counts.ts';
import type { StoredError } from '../../store/queries/reclassify-events.ts';
import { OTHER_NAMES } from '../rows/name-cap.ts';

/**
 * For each error, the values of `callerDimensions` of the count row that holds it; null when no row does. An error
 * keeps its names, while a count may have `(other)` in place of some of them (decision 39). Each count row is assigned
 * at most as many errors as it has requests, so no count can fall below zero. Pure.
 */
export function placeCounts(
  errors: readonly StoredError[],
  counts: readonly FailureCount[],
  shape: CountShape,
): (readonly string[] | null)[] {
  const which = shape.dimensions.map((name) => callerDimensions.indexOf(name));
  const left = new Map<string, number>();
  const folded = new Map<string, FailureCount[]>();
  for (const count of counts) {
    left.set(keyOf(outcomeOf(count), count.dimensions), count.requests);
    if (!count.dimensions.includes(OTHER_NAMES)) continue;
    const others = folded.get(outcomeOf(count));
    if (others === undefined) folded.set(outcomeOf(count), [count]);
    else others.push(count);
  }
  const take = (key: string): boolean => {
    const requests = left.get(key) ?? 0;
    if (requests > 0) left.set(key, requests - 1);
    return requests > 0;
  };
  const places: (readonly string[] | null)[] = errors.map((error) => {
    const own = which.map((at) => error.dimensions[at] ?? '');
    return take(keyOf(outcomeIn(shape, error), own)) ? error.dimensions : null;
  });
  // All rows with the exact names are assigned first: the errors that are left were counted under (other).
  return places.map((place, at) => {
    const error = errors[at];
    if (place !== null || error === undefined) return place;
    const outcome = outcomeIn(shape, error);
    const own = which.map((dimension) => error.dimensions[dimension] ?? '');
    const fitting = (folded.get(outcome) ?? [])
      .filter(({ dimensions }) =>
        dimensions.every((text, i) => text === own[i] || (text === OTHER_NAMES && own[i] !== '')),
      )
      .toSorted((a, b) => others(a) - others(b));
    const found = fitting.find(({ dimensions }) => take(keyOf(outcome, dimensions)));
    if (found === undefined) return null;
    const texts = [...error.dimensions];
    for (const [i, dimension] of which.entries()) texts[dimension] = found.dimensions[i] ?? '';
    return texts;
  });
}

function others({ dimensions }: FailureCount): number {
  return dimensions.filter((text) => text === OTHER_NAMES).length;
}

function outcomeOf(count: Pick<FailureCount, 'ts' | 'class' | 'subclass' | 'status'>): string {
  return `${count.ts} ${count.class} ${count.subclass} ${count.status}`;
}

function outcomeIn({ seconds, isFinest }: CountShape, { ts, status, judged }: StoredError): string {
  const start = Math.floor(ts / 1000 / seconds) * seconds;
  return outcomeOf({
    ts: start,
    class: judged.class,
    subclass: judged.subclass,
    status: isFinest ? status : 0,
  });
}

function keyOf(outcome: string, dimensions: readonly string[]): string {
  return `${outcome}\u0000${dimensions.join('\u0000')}`;
}
