import { compileCondition, pathOf, readPath } from './condition.ts';
import { asMap, faultAt, refuseUnknown, shown } from './fault.ts';
import { outcomeOf } from './outcome-words.ts';
import type { ReadPath, Scope } from './scope.ts';

/** True when a record describes a failure, false for a success, undefined when it does not say. */
export type Outcome = (scope: Scope) => boolean | undefined;

const EXAMPLE = 'outcome: $.success, or {failure: {$.level: ERROR}, success: otherwise}';

/**
 * Compiles how to recognise success and failure without a status: a path to a word or flag, or conditions under
 * `failure` and `success`. Throws a `MappingFault`.
 */
export function compileOutcome(value: unknown, at: string, read: ReadPath = readPath): Outcome {
  if (typeof value === 'string') {
    const path = pathOf(value, at);
    return (scope) => outcomeOf(read(scope, path));
  }
  const map = asMap(value, at, EXAMPLE);
  refuseUnknown(map, ['failure', 'success'], at);
  if (Object.keys(map).length === 0) throw faultAt(at, `${shown(value)} is empty; write ${EXAMPLE}`);
  const failed = side(map['failure'], `${at}.failure`, read);
  const succeeded = side(map['success'], `${at}.success`, read);
  return (scope) =>
    failed(scope)
      ? true
      : succeeded(scope)
        ? false
        : map['failure'] === 'otherwise'
          ? true
          : map['success'] === 'otherwise'
            ? false
            : undefined;
}

function side(condition: unknown, at: string, read: ReadPath): (scope: Scope) => boolean {
  if (condition === undefined || condition === 'otherwise') return () => false;
  return compileCondition(condition, at, read).holds;
}
