import { z } from 'zod';
import type { View } from '../../view.ts';

/** What happened to one refused key over time. Times are starts of intervals, epoch seconds. */
const keyCourse = z.object({
  /** The last success that was followed by a refusal; null: there was none. */
  last_success: z.number().nullable(),
  /** Successes between two refusals. */
  succeeded: z.number(),
  /**
   * Successes since the last refusal. They are added to `succeeded` when another refusal follows, because only then do
   * they lie between two refusals.
   */
  waiting: z.number(),
  waiting_at: z.number().nullable(),
  refused: z.number(),
  /** Number of refusals since the last success, and the largest number without a success between them. */
  run: z.number(),
  longest: z.number(),
});
type KeyCourse = z.infer<typeof keyCourse>;

export const keyCourses = z.record(z.string(), keyCourse);
export type KeyCourses = z.infer<typeof keyCourses>;

/**
 * A run of refusals counts as real if a key that is refused only now and then would have a run of this length with a
 * lower probability than this.
 */
const CHANCE = 1e-3;

/**
 * Adds the answers to these keys in `view` to what is known of the keys, and returns the result. The order of answers
 * within an interval is unknown, so successes in the same interval as the first or the last refusal prove nothing.
 */
export function addAnswers(
  known: KeyCourses,
  view: View,
  { keys, classes }: { keys: readonly string[]; classes: readonly string[] },
): KeyCourses {
  const courses: KeyCourses = Object.fromEntries(
    keys.map((key): [string, KeyCourse] => [
      key,
      { ...((Object.hasOwn(known, key) ? known[key] : undefined) ?? unseen) },
    ]),
  );
  const now = new Map<KeyCourse, { ok: number; refused: number }>();
  let at = -Infinity;
  const endInterval = (): void => {
    for (const [course, answers] of now) step(course, at, answers);
    now.clear();
  };
  view.each((which, ts, requests) => {
    const { api_key: key = '', class: name = '' } = view.combinations[which] ?? {};
    const course = Object.hasOwn(courses, key) ? courses[key] : undefined;
    if (course === undefined || !(name === 'ok' || classes.includes(name))) return;
    if (ts !== at) endInterval();
    at = ts;
    const answers = now.get(course) ?? { ok: 0, refused: 0 };
    now.set(course, answers);
    answers[name === 'ok' ? 'ok' : 'refused'] += requests;
  });
  endInterval();
  return courses;
}

/**
 * True when the key keeps succeeding between its refusals. False when it never succeeds between them, or when its
 * longest run of refusals is too long for chance: then the key was revoked, and the first refusals were mixed with
 * successes only because the change takes a while to reach every server of the provider.
 */
export function succeedsToo({ succeeded, refused, longest }: KeyCourse): boolean {
  if (succeeded === 0) return false;
  // The long run is left out of the rate of refusals, because the question is whether the run fits that rate.
  const outside = refused - longest + 1;
  return (succeeded + refused) * (outside / (outside + succeeded)) ** longest >= CHANCE;
}

const unseen: KeyCourse = {
  last_success: null,
  succeeded: 0,
  waiting: 0,
  waiting_at: null,
  refused: 0,
  run: 0,
  longest: 0,
};

function step(course: KeyCourse, ts: number, { ok, refused }: { ok: number; refused: number }): void {
  const isFirst = course.refused === 0;
  if (refused === 0) {
    if (isFirst) course.last_success = ts;
    else {
      course.waiting += ok;
      course.waiting_at = ts;
    }
    return;
  }
  if (course.waiting > 0) {
    course.succeeded += course.waiting;
    course.last_success = course.waiting_at;
    course.run = 0;
  }
  course.waiting = isFirst ? 0 : ok;
  course.waiting_at = course.waiting > 0 ? ts : null;
  course.refused += refused;
  course.run += refused;
  course.longest = Math.max(course.longest, course.run);
}
