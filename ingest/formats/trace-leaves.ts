import { jsonInText } from './mapping/json-in-text.ts';
import type { Path, PathStep } from './mapping/path.ts';

/** A value that is neither an object nor a list, and its path from the record. */
export interface Leaf {
  path: string;
  value: unknown;
}

const MOST = 1000;
const PLAIN_NAME = /^[A-Za-z_@][\w@-]*$/;

/** A path in the notation of mappings. */
export function writtenPath({ fromMessage, steps }: Path): string {
  return `${fromMessage ? '$$' : '$'}${steps.map(writtenStep).join('')}`;
}

/** One step of a path in the notation of mappings. */
export function writtenStep(step: PathStep): string {
  if (typeof step === 'number') return `[${step}]`;
  return PLAIN_NAME.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
}

/** All values of a record, including those in JSON texts, in order; at most a thousand. */
export function leavesOf(record: unknown): Leaf[] {
  const leaves: Leaf[] = [];
  const walk = (value: unknown, path: string): void => {
    if (leaves.length >= MOST) return;
    const here = typeof value === 'string' ? (jsonInText(value) ?? value) : value;
    if (typeof here !== 'object' || here === null) leaves.push({ path, value: here });
    else if (Array.isArray(here)) here.forEach((item, i) => walk(item, `${path}[${i}]`));
    else for (const [name, inner] of Object.entries(here)) walk(inner, path + writtenStep(name));
  };
  walk(record, '$');
  return leaves;
}
