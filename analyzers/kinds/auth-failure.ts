import { z } from 'zod';
import type { ErrorClass } from '../../domain/error-class.ts';
import type { Scope } from '../../domain/incident.ts';
import type { AnalyzerSettings } from '../detector.ts';
import { isoTime } from '../iso-time.ts';
import { detectorOf, sharedScope } from '../kind.ts';
import { aboveUsual, lastAboveUsual, rememberUsual, usualMemory } from '../levels/above-usual.ts';
import { describeScope } from '../narrow-scope.ts';
import { count, largest, remedyOf, share } from '../report.ts';
import { addName, MAX_NAMES, type Since, sinceStart } from '../since.ts';
import { namedByFailures } from '../named-by-failures.ts';
import type { Matching, View } from '../view.ts';
import { authReasons, type AuthReason, explainReason } from './auth/auth-reasons.ts';
import { addAnswers, type KeyCourses, keyCourses, succeedsToo } from './auth/key-course.ts';

const matching: Matching = {
  classes: ['incorrect_api_key', 'invalid_authentication', 'not_org_member', 'ip_not_authorized'],
  measure: 'requests',
};
const since = sinceStart(matching, ['key', 'client', 'project', 'region', 'class']);
const shared = sharedScope(matching);
/** A caller that sends too few requests in the window is judged by a window that is this many times as long. */
const LONG = 5;
const LOOKBACK_SECONDS = 3_600;
/** If one client is refused with at least this many keys that never succeeded, somebody is trying out keys. */
const PROBED_KEYS = 5;
/** One key is taken as the scope, and one client as the only caller, if it has at least this share of the refusals. */
const MOST = 0.9;

/** Requests are refused because of who sends them: key, membership or address. */
export const authFailure = detectorOf({
  kind: 'auth_failure',
  settings: (all: AnalyzerSettings) => all.auth_failure,
  has_parts: true,
  matching,
  lookback: ({ window_seconds }) => LOOKBACK_SECONDS + 2 * LONG * window_seconds,
  ...aboveUsual<AnalyzerSettings['auth_failure']>(matching, {
    long: LONG,
    excuses: 'trickle',
    spread: true,
  }),
  ...lastAboveUsual(matching),
  look,
  memory: since.memory.and(
    usualMemory.extend({
      reason: z.enum(authReasons),
      /** For each refused key: its successes and refusals, also from before the incident began. */
      keys: keyCourses,
      /** The first success, after the last refusal, of the key that is refused most; epoch seconds; null: none. */
      works_again: z.number().nullable(),
    }),
  ),
  remember(situation) {
    const { previous, judged, view, goes_on: goesOn, started_at: startedAt, now } = situation;
    const sums = since.remember(situation);
    const base = previous !== null && goesOn ? previous : null;
    const keys = coursesOf(base, view, startedAt, sums);
    const [top] = largest(sums.by['key']);
    const again = view
      .between(sums.counted_until, now)
      .first((row) => row.class === 'ok' && top !== undefined && row.api_key === top);
    const isSame = base?.counted_until === sums.counted_until;
    const worksAgain = (isSame ? base?.works_again : null) ?? again;
    return {
      ...sums,
      ...rememberUsual(previous, judged),
      keys,
      works_again: worksAgain,
      reason: reasonOf(sums.by, namedByFailures(view).includes('key') ? null : keys, worksAgain),
    };
  },
  severity: ({ memory }) => (memory.reason === 'wrong_key' ? 'warning' : 'critical'),
  report({ scope, memory, started_at: startedAt, now }) {
    const clients = largest(memory.by['client']);
    const keys = largest(memory.by['key']);
    const course = keys[0] === undefined ? undefined : memory.keys[keys[0]];
    const lastSuccess = course?.last_success ?? null;
    const strange = strangers(memory.keys);
    const explained = explainReason(memory.reason, {
      keys,
      clients,
      now,
      startedAt,
      lastSuccess,
      endedAt: memory.counted_until,
      worksAgain: memory.works_again,
      refused: `${count(memory.matching)} of ${count(memory.requests)} requests`,
      strangeKeys: strange < MAX_NAMES ? String(strange) : `${MAX_NAMES} or more`,
      succeedsToo: course !== undefined && succeedsToo(course),
    });
    const [top = 'incorrect_api_key'] = largest(memory.by['class']);
    const remedy = remedyOf(top as ErrorClass, explained.steps);
    return {
      summary: `${explained.title}: ${describeScope(scope)}; ${count(memory.matching)} requests were refused.`,
      verdict: { party: explained.party, why: explained.why },
      evidence: {
        reason: memory.reason,
        refused_requests: memory.matching,
        refused_share: share(memory.matching, memory.requests),
        classes: largest(memory.by['class']),
        ...(lastSuccess === null ? {} : { last_success_at: isoTime(lastSuccess) }),
        ...(course === undefined || course.succeeded === 0 ? {} : { succeeded_meanwhile: course.succeeded }),
        ...(memory.works_again === null || memory.reason !== 'interrupted'
          ? {}
          : { works_again_at: isoTime(memory.works_again) }),
        useless_retries: memory.useless_retries,
        affected_keys: keys,
        ...(keys.length === 0 ? {} : { key_count: Object.keys(memory.by['key'] ?? {}).length }),
        affected_clients: clients,
        affected_projects: largest(memory.by['project']),
        affected_regions: largest(memory.by['region']),
      },
      // The refusals come and go, so repeating the request may help.
      remedy: memory.reason === 'at_times' ? { ...remedy, retry: 'yes' } : remedy,
    };
  },
});

/**
 * Finds the scope. If nearly all refusals are those of one key, the scope is that key, whoever uses it. Otherwise the
 * scope is what the refusals share.
 */
function look(view: View, whole: Scope): { scope: Scope } {
  const keys: Record<string, number> = {};
  const classes: Record<string, number> = {};
  let refused = 0;
  for (const row of view.sums()) {
    if (!matching.classes.includes(row.class)) continue;
    refused += row.requests;
    addName(keys, row.api_key, row.requests);
    addName(classes, row.class, row.requests);
  }
  const [key] = largest(keys);
  const isOfKey =
    ofKeys(classes) >= MOST * refused && key !== undefined && (keys[key] ?? 0) >= MOST * refused;
  return isOfKey ? { scope: { ...whole, key } } : shared(view, whole);
}

function ofKeys(classes: Readonly<Record<string, number>>): number {
  return (classes['incorrect_api_key'] ?? 0) + (classes['invalid_authentication'] ?? 0);
}

/**
 * What happened to each refused key up to the last refusal. For a key that is refused for the first time, the time
 * before is included.
 */
function coursesOf(
  base: (Pick<Since, 'counted_until'> & { keys: KeyCourses }) | null,
  view: View,
  startedAt: number,
  { by, counted_until: until }: Since,
): KeyCourses {
  const { classes } = matching;
  const from = base?.counted_until ?? startedAt;
  const keys = Object.keys(by['key'] ?? {});
  const fresh = keys.filter((key) => !Object.hasOwn(base?.keys ?? {}, key));
  let known = base?.keys ?? {};
  if (fresh.length > 0) {
    const before = view.between(0, startedAt).where((row) => row.class === 'ok');
    const atFirst = addAnswers({}, before, { keys: fresh, classes });
    known = { ...known, ...addAnswers(atFirst, view.between(startedAt, from), { keys: fresh, classes }) };
  }
  return addAnswers(known, view.between(from, until), { keys, classes });
}

/** `courses` null: the logs name keys only on refusals, so nothing is known of their successes. */
function reasonOf(
  by: Readonly<Record<string, Readonly<Record<string, number>>>>,
  courses: KeyCourses | null,
  worksAgain: number | null,
): AuthReason {
  const [top] = largest(by['class']);
  if (top === 'ip_not_authorized') return 'address';
  if (top === 'not_org_member') return 'membership';
  const clients = Object.values(by['client'] ?? {});
  const all = clients.reduce((sum, count) => sum + count, 0);
  const isOneClient = clients.length <= 1 || Math.max(...clients) >= MOST * all;
  const strange = courses === null ? Object.keys(by['key'] ?? {}).length : strangers(courses);
  if (strange >= PROBED_KEYS && isOneClient) return 'probing';
  const [key] = largest(by['key']);
  const course = key === undefined ? undefined : courses?.[key];
  if (course === undefined) return 'credentials';
  if (succeedsToo(course)) return 'at_times';
  if (worksAgain !== null) return 'interrupted';
  return course.last_success === null ? 'wrong_key' : 'revoked';
}

/** Number of refused keys that never succeeded. */
function strangers(courses: KeyCourses): number {
  return Object.values(courses).filter((one) => one.last_success === null && one.succeeded === 0).length;
}
