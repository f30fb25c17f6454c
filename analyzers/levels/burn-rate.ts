import type { Level } from '../advance.ts';
import type { KindSettings } from '../given.ts';
import { lastOfRun, type LevelRule, type Part, partsOf, shareOf, startOfRun } from '../levels.ts';
import { poissonTail } from '../poisson-tail.ts';
import type { Matching } from '../view.ts';

/** A speed at which a budget burns: `factor` times the allowed speed, in each of several windows. */
export interface BurnPace {
  name: string;
  /** Seconds. The shortest window proves that it goes on, the longest that it is no short blip. */
  windows: readonly number[];
  factor: number;
}

export interface BurnLevel {
  level: Level;
  /** The whole if it burns or lingers, otherwise the part with most answers; null: none does. */
  part: Part | null;
  pace: BurnPace | null;
}

/** A failure rate that just keeps the budget fills the longest window like this only with this chance. */
const CHANCE = 1e-6;
const LINGER_CHANCE = 1e-2;
/**
 * The same for the shortest window. After an outage the longest window is full of it for its whole length, and two
 * failures of fifty would otherwise be the next outage. One failure of one request does not reach this.
 */
const SHORT_CHANCE = 0.03;
/** Slower paces have more time, so they can ask for more certainty. */
const SLOW_CHANCE = 1e-3;
const SHORT_LINGER_CHANCE = 0.2;
/** Half of the factor still lingers. */
const LINGER = 0.5;
/** A longer window is judged only if half of it is known; otherwise it would show the same as the shorter ones. */
const KNOWN_SECONDS = 3_600;

/**
 * A breach when a part of the traffic burns its error budget at one of the paces. `budget` is the share of requests (0
 * to 1) that may match. The longest window must hold at least `count` matching first attempts, and more than chance
 * explains.
 */
export function burnRate<Settings extends KindSettings>(of: {
  matching: Matching;
  budget(settings: Settings): number;
  /** Fastest first. */
  paces(settings: Settings): readonly BurnPace[];
}): LevelRule<Settings, BurnLevel> {
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
       * The part in the longest window, if it burns in all of them. The shortest window is asked first, because it
       * usually decides.
       */
      const burning = (pace: BurnPace, name: string, ease: number): Part | null => {
        const { windows, factor } = pace;
        const short = partsIn(windows[0] ?? 0).get(name);
        const goesOn = ease < 1 ? SHORT_LINGER_CHANCE : pace === paces[0] ? SHORT_CHANCE : SLOW_CHANCE;
        if (short === undefined || poissonTail(short.first_attempts, budget * short.requests) >= goesOn)
          return null;
        let longest: Part | undefined;
        for (const seconds of windows) {
          longest = partsIn(seconds).get(name);
          if (longest === undefined || longest.matching === 0) return null;
          if (longest.matching < ease * factor * budget * longest.requests) return null;
          if (seconds > KNOWN_SECONDS && since > now - seconds / 2) return null;
        }
        if (longest === undefined || longest.first_attempts < ease * settings.count) return null;
        const chance = poissonTail(longest.first_attempts, budget * longest.requests);
        return chance < (ease === 1 ? CHANCE : LINGER_CHANCE) ? longest : null;
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
      const longest = paces[0]?.windows.at(-1) ?? 0;
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
      // Earlier stray answers are not the beginning: the share must be at least half of the present one.
      const present = shareOf(last(pace.windows[0] ?? 0).where(part.contains), matching);
      const least = Math.max(LINGER * pace.factor * of.budget(settings), present / 2);
      const isAbove = (sums: { requests: number; matching: number }): boolean =>
        sums.matching > 0 && sums.matching >= least * sums.requests;
      const intervals = view.where(part.contains).intervals(matching);
      // While it goes on, all windows but the longest burn; the second longest shows the beginning best.
      const run = { now, from, window_seconds: pace.windows.at(-2) ?? pace.windows[0] ?? 0 };
      const first = startOfRun(intervals, run, isAbove) ?? now;
      return intervals.find((sums) => sums.ts >= first && isAbove(sums))?.ts ?? first;
    },
    last: (given, { part }, since) => lastOfRun(given, { part, matching, since }),
  };
}

function larger(one: Part | null, other: Part): Part {
  return one === null || other.matching > one.matching ? other : one;
}
