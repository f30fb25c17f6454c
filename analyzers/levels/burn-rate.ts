import type { Level } from '../advance.ts';
import type { KindSettings } from '../given.ts';
import { type LevelRule, type Part, partsOf, startOfRun } from '../levels.ts';
import { poissonTail } from '../poisson-tail.ts';
import type { Matching } from '../view.ts';

/** How fast a budget burns: so many times as fast as it may, in every one of some windows. */
export interface BurnPace {
  name: string;
  /** Seconds, from the shortest, which says that it goes on, to the longest, which says that it is no blip. */
  windows: readonly number[];
  factor: number;
}

export interface BurnLevel {
  level: Level;
  /** The whole where that burns, else the part with most answers; null: none does. */
  part: Part | null;
  pace: BurnPace | null;
}

/** By chance alone, at a rate that just keeps the budget, the longest window would hold so much this seldom. */
const CHANCE = 1e-6;
const LINGER_CHANCE = 1e-2;
/** Half of the factor is still burning. */
const LINGER = 0.5;
/** Windows above this must be known for half of their time, or they say nothing else than the shorter ones. */
const KNOWN_SECONDS = 3_600;

/**
 * A breach where a part of the traffic burns its error budget at one of the paces: `budget` is the share of requests (0 to 1)
 * that may match; the longest window holds at least `count` of them, and more than chance explains.
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
      /** The part in the longest window where it burns in all of them; the shortest is asked first: mostly that is the end. */
      const burning = ({ windows, factor }: BurnPace, name: string, ease: number): Part | null => {
        let longest: Part | undefined;
        for (const seconds of windows) {
          longest = partsIn(seconds).get(name);
          if (longest === undefined || longest.matching === 0) return null;
          if (longest.matching < ease * factor * budget * longest.requests) return null;
          if (seconds > KNOWN_SECONDS && since > now - seconds / 2) return null;
        }
        if (longest === undefined || longest.matching < ease * settings.count) return null;
        const chance = poissonTail(longest.matching, budget * longest.requests);
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
      const lingers = paces.some((pace) => worst(pace, LINGER) !== null);
      if (lingers) return { level: 'lingering', part: null, pace: null };
      const longest = paces[0]?.windows.at(-1) ?? 0;
      return { level: partsIn(longest).size === 0 ? 'no_data' : 'healthy', part: null, pace: null };
    },
    start({ view, now, from, settings }, { part, pace }) {
      if (part === null || pace === null) return now;
      const least = LINGER * pace.factor * of.budget(settings);
      const isAbove = (sums: { requests: number; matching: number }): boolean =>
        sums.matching > 0 && sums.matching >= least * sums.requests;
      const intervals = view.where(part.contains).intervals(matching);
      // All windows but the longest burn while it goes on; the next longest finds its beginning best.
      const run = { now, from, window_seconds: pace.windows.at(-2) ?? pace.windows[0] ?? 0 };
      const first = startOfRun(intervals, run, isAbove) ?? now;
      return intervals.find((sums) => sums.ts >= first && isAbove(sums))?.ts ?? first;
    },
  };
}

function larger(one: Part | null, other: Part): Part {
  return one === null || other.matching > one.matching ? other : one;
}
