import { COUNT_INTERVAL_SECONDS } from '../../domain/count-row.ts';
import type { Level } from '../incident-life.ts';
import type { Known } from '../detector.ts';
import type { Given, KindSettings } from '../given.ts';
import { type LevelRule, type Part, partsOf } from '../levels.ts';
import { failingRun, isOver, lastOfRun, shareOf, startOfRun } from '../runs.ts';
import { isInScope, type Scoped } from '../narrow-scope.ts';
import { poissonTail } from '../poisson-tail.ts';
import type { Matching } from '../view.ts';

/**
 * A speed at which an error budget is used up. The rule is met if in each of the windows the share of failures is at
 * least `factor` times the budget.
 */
export interface BurnPace {
  name: string;
  /**
   * Seconds, shortest first. The shortest window shows that the failures still go on; the longest shows that they are
   * no blip, that is, no single short burst.
   */
  windows: readonly number[];
  factor: number;
  /**
   * For a pace whose longest window is too short to rule out a blip: the failures must have lasted this many seconds
   * and still go on.
   */
  lasts?: number;
}

export interface BurnLevel {
  level: Level;
  /**
   * The part of the traffic that burns its budget or lingers: all traffic if this is true of all traffic, otherwise the
   * part with most matching answers; null: none.
   */
  part: Part | null;
  pace: BurnPace | null;
}

/**
 * A part burns its budget only if a failure rate that just keeps the budget would give the failures of the longest
 * window with less than this chance.
 */
const CHANCE = 1e-6;
const LINGER_CHANCE = 1e-2;
/**
 * For the shortest window of the fastest pace, the chance must be less than this. Without this check, two failures of
 * fifty would open a new outage soon after an old one, because the longest window is still full of the old failures.
 */
const SHORT_CHANCE = 0.03;
/**
 * For the shortest window of the slower paces, the chance must be less than this. Slower paces have more time, so they
 * can ask for more certainty.
 */
const SLOW_CHANCE = 1e-3;
const SHORT_LINGER_CHANCE = 0.2;
/** Down to this part of the factor a part of the traffic still lingers. */
const LINGER = 0.5;
/**
 * A window longer than this many seconds is judged only if there are counts for at least half of it. Otherwise it would
 * hold the same counts as the shorter windows.
 */
const KNOWN_SECONDS = 3_600;

/** Time before now that decides whether an incident still goes on; seconds. */
const GOES_ON_SECONDS = 10_800;

/** The input of the level: what every kind receives, and the incident if it is known. */
type Judging<Settings, Memory> = Given<Settings> & {
  known?: Pick<Known, 'state' | 'scope' | 'started_at'> | null;
  previous?: Memory | null;
};

/** The sums since the start that the kind must remember. */
interface Sums {
  requests: number;
  matching: number;
}

type BurnRule<Settings, Memory> = Omit<LevelRule<Settings, BurnLevel>, 'level'> & {
  level(given: Judging<Settings, Memory>): BurnLevel;
};

/**
 * It is a breach when a part of the traffic uses up its error budget at one of the paces. `budget` is the share of
 * requests (0 to 1) that may fail. The longest window must hold at least `count` failed first attempts, and more than
 * chance explains.
 */
export function burnRate<Settings extends KindSettings, Memory extends Sums = Sums>(of: {
  matching: Matching;
  budget(settings: Settings): number;
  /** Fastest first. */
  paces(settings: Settings): readonly BurnPace[];
}): BurnRule<Settings, Memory> {
  const { matching } = of;
  return {
    begins_within: (settings) => Math.max(...of.paces(settings).map(({ windows }) => windows[0] ?? 0)),
    level(given) {
      const { settings, view, now } = given;
      const paces = of.paces(settings);
      const budget = of.budget(settings);
      const since = view.first() ?? now;
      const read = new Map<number, ReadonlyMap<string, Part>>();
      const partsIn = (seconds: number): ReadonlyMap<string, Part> => {
        let parts = read.get(seconds);
        if (parts === undefined) {
          const found = partsOf(given.last(seconds).sums(), matching);
          read.set(seconds, (parts = new Map(found.map((part) => [part.name, part]))));
        }
        return parts;
      };
      /**
       * Returns the part with its counts in the longest window, if it is over the threshold in all windows. The
       * shortest window is read first, because it usually shows that the part is not over the threshold.
       */
      const burning = (pace: BurnPace, name: string, ease: number): Part | null => {
        const { windows, factor } = pace;
        const short = partsIn(windows[0] ?? 0).get(name);
        const goesOn =
          ease < 1 ? SHORT_LINGER_CHANCE : pace.name === paces[0]?.name ? SHORT_CHANCE : SLOW_CHANCE;
        if (short === undefined || chanceOf(short, budget) >= goesOn) return null;
        let longest: Part | undefined;
        for (const seconds of windows) {
          longest = partsIn(seconds).get(name);
          if (longest === undefined || longest.matching === 0) return null;
          if (longest.matching < ease * factor * budget * longest.requests) return null;
          if (seconds > KNOWN_SECONDS && since > now - seconds / 2) return null;
        }
        if (longest === undefined || longest.first_attempts < ease * settings.count) return null;
        if (ease < 1) return chanceOf(longest, budget) < LINGER_CHANCE ? longest : null;
        return isCertain(pace, longest) ? longest : null;
      };
      /**
       * True if the failures are no blip and chance does not explain them: either all failures of the longest window,
       * or those of the time within it in which the part fails.
       */
      const isCertain = (pace: BurnPace, part: Part): boolean => {
        const seconds = pace.windows.at(-1) ?? 0;
        const isIn = chanceOf(part, budget) < CHANCE;
        if (isIn && pace.lasts === undefined) return true;
        // Counts of longer windows are sums per minute or hour, so they cannot show when within the window the failures
        // began.
        if (seconds > KNOWN_SECONDS) return isIn;
        const own = view.between(now - seconds, now).where(part.contains);
        const run = failingRun(own.intervals(matching));
        if (run === null) return false;
        if (pace.lasts !== undefined && (run.is_over || now - run.from < pace.lasts)) return false;
        if (isIn) return true;
        const [sums] = partsOf(own.between(run.from, run.to).sums(), matching);
        // The failing time may begin in any interval of the window, so chance has as many opportunities. The chance of
        // one is multiplied by their number.
        const intervals = seconds / COUNT_INTERVAL_SECONDS;
        return (
          sums !== undefined &&
          sums.first_attempts >= settings.count &&
          chanceOf(sums, budget) * intervals < CHANCE
        );
      };
      const worst = (pace: BurnPace, ease: number): Part | null => {
        const names = [...partsIn(pace.windows[0] ?? 0).keys()];
        const parts = names.flatMap((name) => burning(pace, name, ease) ?? []);
        const whole = parts.find(({ name }) => name === '');
        return whole ?? parts.reduce<Part | null>((most, part) => larger(most, part), null);
      };
      for (const pace of paces) {
        const part = worst(pace, 1);
        if (part !== null) return { level: 'breach', part, pace };
      }
      for (const pace of paces) {
        const part = worst(pace, LINGER);
        if (part !== null) return { level: 'lingering', part, pace };
      }
      const rest = goesOn(given, { matching, budget });
      if (rest !== null) return { level: 'lingering', part: rest, pace: null };
      const fastest = paces.filter(({ name }) => name === paces[0]?.name);
      const longest = Math.max(0, ...fastest.flatMap(({ windows }) => windows));
      return { level: partsIn(longest).size === 0 ? 'no_data' : 'healthy', part: null, pace: null };
    },
    numbers({ settings, last }) {
      const budget = of.budget(settings);
      const burns = of.paces(settings).flatMap(({ name, windows }) =>
        windows.map((seconds) => {
          const burn = shareOf(last(seconds), matching) / budget;
          return [`${name}_burn_in_${seconds}_seconds`, Math.round(burn * 100) / 100] as const;
        }),
      );
      return Object.fromEntries(burns);
    },
    start({ view, now, from, settings, last }, { part, pace }) {
      if (part === null || pace === null) return now;
      const own = view.where(part.contains);
      const present = shareOf(last(pace.windows[0] ?? 0).where(part.contains), matching);
      const least = Math.max(LINGER * pace.factor * of.budget(settings), present / 2);
      const isAbove = (sums: { requests: number; matching: number }): boolean =>
        sums.matching > 0 && sums.matching >= least * sums.requests;
      const intervals = own.intervals(matching);
      // The second-longest window finds the beginning best: as long as the failures go on, only the longest window may
      // already hold older traffic.
      const run = { now, from, window_seconds: pace.windows.at(-2) ?? pace.windows[0] ?? 0 };
      const first = startOfRun(intervals, run, isAbove) ?? now;
      // Single failures from before the run are not its beginning.
      return failingRun(intervals.filter(({ ts }) => ts >= first))?.from ?? first;
    },
    last: (given, { part }, since) => lastOfRun(given, { part, matching, since }),
  };
}

/**
 * Returns the scope of a firing incident as a part that lingers, unless its own counts show that the trouble is over. A
 * small caller crosses the threshold in both directions while the same trouble goes on. The trouble is over when the
 * scope keeps the budget again, or fails at a tenth of its rate.
 */
function goesOn<Settings extends KindSettings>(
  { known, previous, view, now }: Judging<Settings, Sums>,
  { matching, budget }: { matching: Matching; budget: number },
): Part | null {
  if (known?.state !== 'firing' || !previous?.matching) return null;
  const own = view.within(known.scope);
  const rate = previous.matching / previous.requests;
  const after = Math.max(rate / 10, Math.min(budget, rate / 2));
  const recent = own.between(Math.max(known.started_at, now - GOES_ON_SECONDS), now);
  if (isOver(recent.intervals(matching), rate, after)) return null;
  const [whole] = partsOf(recent.sums(), matching);
  const isIn = (row: Scoped): boolean => isInScope(row, known.scope);
  return whole === undefined ? null : { ...whole, name: whole.name, contains: isIn };
}

/**
 * The chance that a failure rate that just keeps the budget gives as many failures. Retries are left out, because they
 * are no new evidence.
 */
function chanceOf({ first_attempts, first_requests }: Part, budget: number): number {
  return poissonTail(first_attempts, budget * first_requests);
}

function larger(one: Part | null, other: Part): Part {
  return one === null || other.matching > one.matching ? other : one;
}
