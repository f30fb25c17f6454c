import { type Subclass, subclasses } from '../../domain/classification.ts';
import { type RequestClass, requestClassNames } from '../../domain/error-class.ts';

/** How a request ended, as far as outcomes are counted separately. */
export interface CountedOutcome {
  class: RequestClass;
  subclass: Subclass;
  status: number;
}

/** Larger than any status. */
const STATUSES = 1024;
const classPlaces = new Map<string, number>(requestClassNames.map((name, place) => [name, place]));
const subclassPlaces = new Map<string, number>(subclasses.map((name, place) => [name, place]));

/**
 * The outcome as a number below 2^20; equal outcomes have equal numbers. Throws for an unknown class or
 * subclass, and for a status out of range.
 */
export function outcomeCode(name: string, subclass: string, status: number): number {
  const place = classPlaces.get(name);
  const below = subclassPlaces.get(subclass);
  if (place === undefined || below === undefined || !(status >= 0 && status < STATUSES))
    throw new RangeError(`there is no outcome of class ${name}, subclass ${subclass}, status ${status}`);
  return (place * subclasses.length + below) * STATUSES + status;
}

/** The outcome that has this number. */
export function outcomeOf(code: number): CountedOutcome {
  const judged = Math.floor(code / STATUSES);
  const name = requestClassNames[Math.floor(judged / subclasses.length)];
  const subclass = subclasses[judged % subclasses.length];
  if (name === undefined || subclass === undefined) throw new RangeError(`no outcome has number ${code}`);
  return { class: name, subclass, status: code % STATUSES };
}
