import { compileCondition, pathOf, readPath } from './condition.ts';
import { asMap, faultAt, refuseUnknown, shown } from './fault.ts';
import { outcomeOf } from './outcome-words.ts';
import type { ReadPath, PathRoots } from './path-roots.ts';

/** The outcome that a record reports; `presumed` is a success only because no condition of the mapping holds. */
export type StatedOutcome = 'failure' | 'success' | 'presumed';
/** Undefined when a record does not report its outcome. */
export type ReadOutcome = (scope: PathRoots) => StatedOutcome | undefined;

const EXAMPLE = 'outcome: $.success, or {failure: {$.level: ERROR}, success: otherwise}';

/**
 * Compiles how to recognise success and failure without a status: a path to a word or flag, or conditions under
 * `failure` and `success`. Throws a `MappingFault`.
 */
export function compileOutcome(value: unknown, at: string, read: ReadPath = readPath): ReadOutcome {
  if (typeof value === 'string') {
    const path = pathOf(value, at);
    return (scope) => {
      const failed = outcomeOf(read(scope, path));
      return failed === undefined ? undefined : failed ? 'failure' : 'success';
    };
  }
  const map = asMap(value, at, EXAMPLE);
  refuseUnknown(map, ['failure', 'success'], at);
  if (Object.keys(map).length === 0) throw faultAt(at, `${shown(value)} is empty; write ${EXAMPLE}`);
  const failed = side(map['failure'], `${at}.failure`, read);
  const succeeded = side(map['success'], `${at}.success`, read);
  return (scope) => {
    if (failed(scope)) return 'failure';
    if (succeeded(scope)) return 'success';
    if (map['failure'] === 'otherwise') return 'failure';
    return map['success'] === 'otherwise' ? 'presumed' : undefined;
  };
}

function side(condition: unknown, at: string, read: ReadPath): (scope: PathRoots) => boolean {
  if (condition === undefined || condition === 'otherwise') return () => false;
  return compileCondition(condition, at, read).holds;
}
