/** Members and indexes from the outside in. */
export type Path = readonly (string | number)[];

const STEP = /\.?([^.[\]"'$\s][^.[\]"'\s]*)|\[(\d{1,6})\]|\["((?:[^"\\]|\\.)*)"\]|\['((?:[^'\\]|\\.)*)'\]/y;

/**
 * The steps of a path such as `$.a.b[0].c`, `a.b` or `$["x.y"]`; null when it is none.
 */
export function parsePath(text: string): Path | null {
  const steps: (string | number)[] = [];
  let at = text.startsWith('$') ? 1 : 0;
  if (at === 1 && text[1] !== '.' && text[1] !== '[') return null;
  if (at === 0 && text.startsWith('.')) return null;
  while (at < text.length) {
    STEP.lastIndex = at;
    const match = STEP.exec(text);
    // A name after another step needs its dot.
    if (match === null || (match[1] !== undefined && at > 0 && text[at] !== '.')) return null;
    const [, name, index, double, single] = match;
    steps.push(
      index === undefined ? (name ?? (double ?? single ?? '').replace(/\\(.)/g, '$1')) : Number(index),
    );
    at = STEP.lastIndex;
  }
  return steps.length === 0 ? null : steps;
}

/** What stands at the path; undefined when nothing does. Inherited members are never read. */
export function readPath(value: unknown, path: Path): unknown {
  let here: unknown = value;
  for (const step of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, step)) return undefined;
    here = (here as Record<string | number, unknown>)[step];
  }
  return here;
}
