import type { z } from 'zod';
import { BadParameter } from './parameters.ts';

/**
 * Checks a value that a caller gave against its schema. Throws `BadParameter` with one line that names the member; for
 * an item of a list it names the list.
 */
export function checked<Type extends z.ZodType>(type: Type, given: unknown): z.infer<Type> {
  const result = type.safeParse(given, { error: refusalOf });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  if (issue === undefined) throw new BadParameter('the request cannot be read');
  const names = issue.path.filter((part) => typeof part === 'string');
  if (issue.code === 'unrecognized_keys') names.push((issue.keys[0] ?? '').slice(0, 64));
  throw new BadParameter(`${names.join('.') || 'body'}: ${issue.message}`);
}

/** What people call the types of values. The keys are the names of zod. */
const kinds: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

/**
 * Why a schema refuses a value, if the schema has no text for it. The text continues the sentence `<name of the value>
 * …`. Pure.
 */
function refusalOf(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'unrecognized_keys':
      return 'is not a known parameter';
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : `is not ${kinds[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return issue.origin === 'number' || issue.origin === 'int'
        ? `is below ${String(issue.minimum)}`
        : 'is too short';
    case 'too_big':
      return issue.origin === 'number' || issue.origin === 'int'
        ? `is above ${String(issue.maximum)}`
        : 'is too long';
    case 'invalid_format':
      return issue.format === 'datetime'
        ? 'is not a time such as 2026-03-01T12:00:00Z'
        : 'is not written as this parameter must be';
    case 'custom':
    case 'invalid_element':
    case 'invalid_key':
    case 'invalid_union':
    case 'not_multiple_of':
      return 'is not a value that this parameter can have';
  }
}

/** The text for a parameter that is given several times; undefined otherwise, so that `refusalOf` gives the text. */
export function repeated(issue: z.core.$ZodRawIssue): string | undefined {
  return Array.isArray(issue.input) ? 'is given more than once' : undefined;
}
