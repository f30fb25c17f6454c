import { parseCondition } from '../../domain/condition.ts';
import { isRequestClass, requestClassNames } from '../../domain/error-class.ts';
import type { TrendFilter } from '../../store/queries/trends-plan.ts';
import { suggestion } from '../did-you-mean.ts';
import { UserError } from '../errors.ts';

/** The dimensions in a text such as `class,model`; `none` counts everything in one group. */
export function parseBy(text: string | undefined): readonly string[] {
  if (text === undefined) return ['class'];
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  if (names.length === 0) throw new UserError('--by is empty: name dimensions such as class,model, or none');
  return names.length === 1 && names[0] === 'none' ? [] : names;
}

/**
 * The filters of `--where`. Values of the same dimension are joined, those with `=` and those with `!=` separately.
 * Throws `UserError` naming the wrong part.
 */
export function parseWhere({ where = [] }: { where?: readonly string[] }): readonly TrendFilter[] {
  const filters = new Map<string, TrendFilter>();
  for (const text of where) {
    const found = parseCondition(text);
    if (found === null) {
      throw new UserError(
        `--where is ${JSON.stringify(text)}: must be dimension=value, such as class=slow_down,rate_limit`,
      );
    }
    const { dimension, negate, values } = found;
    if (dimension === 'class') values.forEach(checkClass);
    const key = `${dimension}${negate ? '!=' : '='}`;
    filters.set(key, { dimension, negate, values: [...(filters.get(key)?.values ?? []), ...values] });
  }
  return [...filters.values()];
}

function checkClass(name: string): void {
  if (!isRequestClass(name)) {
    throw new UserError(`--where names class ${JSON.stringify(name)}${suggestion(name, requestClassNames)}`);
  }
}
