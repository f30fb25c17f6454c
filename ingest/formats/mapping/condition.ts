import { llmPath } from '../../fields/llm-path.ts';
import { isNothing } from '../../fields/nothing.ts';
import { providerOfAddress } from '../../fields/provider-host.ts';
import { boundedForm, type BoundedForm, cutFor } from './bounded-form.ts';
import { asMap, faultAt, refuseUnknown, shown } from './fault.ts';
import { jsonInText } from './json-in-text.ts';
import { parsePath, type Path, readSteps } from './path.ts';
import type { ReadPath, PathRoots } from './path-roots.ts';

/** A condition on a record. */
export interface MappingCondition {
  holds: (scope: PathRoots) => boolean;
  /**
   * The condition holds when all tests of at least one group hold. `needs`: the paths that must have a value for the
   * group to hold. `tests`: the number of tests.
   */
  groups: readonly { needs: readonly Path[]; tests: number }[];
}
interface Test {
  holds: (value: unknown) => boolean;
  /** Whether the test can hold only when there is a value. */
  needsValue: boolean;
}

/**
 * Docker and containerd write at most this many bytes of a line at once; a character that is cut in the middle takes a
 * few bytes more.
 */
const CONTAINER_PART = 16 * 1024;
const CUT_CHARACTERS = 16;

const EXAMPLE =
  '{$.path: value}, with present, absent, json, a value, a list of values, or {not:, matches:, above:, below:}';

/** The tests that a mapping names by a single word. */
const KINDS: Readonly<Record<string, Test>> = {
  present: { holds: (value) => !isNothing(value), needsValue: true },
  absent: { holds: isNothing, needsValue: false },
  json: { holds: (value) => isJson(value), needsValue: true },
  number: { holds: (value) => typeof value === 'number', needsValue: true },
  text: { holds: (value) => typeof value === 'string' && !isNothing(value), needsValue: true },
  list: { holds: Array.isArray, needsValue: true },
  object: {
    holds: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    needsValue: true,
  },
  cut_text: { holds: (value) => typeof value === 'string' && isCut(value), needsValue: true },
  // These two tests use the lists of paths and hosts that all formats share.
  llm_path: { holds: (value) => typeof value === 'string' && llmPath(value) !== null, needsValue: true },
  llm_host: {
    holds: (value) => typeof value === 'string' && providerOfAddress(value) !== undefined,
    needsValue: true,
  },
};

/**
 * Compiles a condition: a map of path -> test, all of which must hold, such as `{$.level: [ERROR, FATAL]}`; or a list
 * of such maps, of which at least one must hold. Throws a `MappingFault`.
 */
export function compileCondition(value: unknown, at: string, read: ReadPath = readPath): MappingCondition {
  if (Array.isArray(value)) {
    if (value.length === 0) throw faultAt(at, `an empty list; write ${EXAMPLE}`);
    const any = value.map((one, i) => compileCondition(one, `${at}[${i}]`, read));
    return {
      holds: (scope) => any.some((one) => one.holds(scope)),
      groups: any.flatMap(({ groups }) => groups),
    };
  }
  const tests = Object.entries(asMap(value, at, EXAMPLE)).map(([written, test]) => ({
    path: pathOf(written, at),
    test: compileTest(test, `${at}.${written}`),
  }));
  if (tests.length === 0) throw faultAt(at, `an empty map; write ${EXAMPLE}`);
  return {
    holds: (scope) => tests.every(({ path, test }) => test.holds(read(scope, path))),
    groups: [
      { needs: tests.filter(({ test }) => test.needsValue).map(({ path }) => path), tests: tests.length },
    ],
  };
}

/** The value at a path of a record or its message. */
export function readPath(scope: PathRoots, { fromMessage, steps }: Path): unknown {
  return readSteps(fromMessage ? scope.message : scope.record, steps);
}

/** Parses a path. Throws a fault that names the first wrong character. */
export function pathOf(written: string, at: string): Path {
  const path = parsePath(written);
  if (typeof path !== 'number') return path;
  throw faultAt(
    at,
    `${shown(written)} is not a path from character ${path + 1} on; write $.a.b[0], a.b, $["x.y"], or =text for a fixed value`,
  );
}

function compileTest(test: unknown, at: string): Test {
  if (typeof test === 'string' && Object.hasOwn(KINDS, test)) return KINDS[test] as Test;
  if (Array.isArray(test)) {
    const any = test.map((one, i) => compileTest(one, `${at}[${i}]`));
    return {
      holds: (value) => any.some((one) => one.holds(value)),
      needsValue: any.every((one) => one.needsValue),
    };
  }
  if (typeof test !== 'object' || test === null) return isTest(test, at);
  const map = asMap(test, at, EXAMPLE);
  refuseUnknown(map, ['is', 'not', 'matches', 'above', 'below'], at);
  const all: Test[] = [];
  if (map['is'] !== undefined) all.push(isTest(map['is'], `${at}.is`));
  if (map['not'] !== undefined) {
    const inner = compileTest(map['not'], `${at}.not`);
    all.push({ holds: (value) => !inner.holds(value), needsValue: false });
  }
  if (map['matches'] !== undefined) {
    const form = formOf(map['matches'], `${at}.matches`);
    all.push({
      holds: (value) => isScalar(value) && !isNothing(value) && form.form.test(cutFor(form, String(value))),
      needsValue: true,
    });
  }
  for (const [key, sign] of [
    ['above', 1],
    ['below', -1],
  ] as const) {
    const limit = map[key];
    if (limit === undefined) continue;
    if (typeof limit !== 'number') throw faultAt(`${at}.${key}`, `${shown(limit)} is not a number`);
    all.push({
      holds: (value) => isScalar(value) && !isNothing(value) && (Number(value) - limit) * sign > 0,
      needsValue: true,
    });
  }
  return {
    holds: (value) => all.every((one) => one.holds(value)),
    needsValue: all.some((one) => one.needsValue),
  };
}

/** A regular expression that ignores case and cannot hang, whatever the text. Throws a `MappingFault`. */
export function formOf(value: unknown, at: string): BoundedForm {
  const what = `${shown(value)} is not a regular expression`;
  if (typeof value !== 'string') throw faultAt(at, what);
  let form: BoundedForm | null;
  try {
    form = boundedForm(value);
  } catch {
    throw faultAt(at, what);
  }
  if (form !== null) return form;
  throw faultAt(
    at,
    `${shown(value)} could take minutes on some texts; repeat nothing that itself repeats or varies, and begin with ^`,
  );
}

/** Tests for equality as texts, ignoring case: `true` equals `"True"`, 200 equals `"200"`. */
function isTest(wanted: unknown, at: string): Test {
  if (!isScalar(wanted)) throw faultAt(at, `${shown(wanted)} is not a value; write ${EXAMPLE}`);
  const text = String(wanted).toLowerCase();
  return { holds: (value) => isScalar(value) && String(value).toLowerCase() === text, needsValue: true };
}

/** A value that can be compared as text. */
export function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

/** Whether a container runtime cut the text off: it is as long as a part, has no line end, and is not JSON. */
function isCut(text: string): boolean {
  // A part has at most 16 KiB, and a character of a text at most three bytes. Only the last part of a line has its end.
  if (text.length < CONTAINER_PART / 3 || text.endsWith('\n')) return false;
  const bytes = Buffer.byteLength(text);
  return bytes >= CONTAINER_PART && bytes <= CONTAINER_PART + CUT_CHARACTERS && !isJson(text);
}

function isJson(value: unknown): boolean {
  return typeof value === 'string'
    ? jsonInText(value) !== undefined
    : typeof value === 'object' && value !== null;
}
