import { type Level, loudnessOf } from '../advance.ts';
import type { LevelRule } from '../levels.ts';

/** What the rule that speaks loudest says; `by` is its place in the list. */
export interface AnyLevel<Judged> {
  level: Level;
  by: number;
  judged: Judged;
}

/** A breach where one of the rules finds one, the first of them; it is over when none lingers. */
export function anyOf<Settings, Judged extends { level: Level }>(
  first: LevelRule<Settings, Judged>,
  ...others: readonly LevelRule<Settings, Judged>[]
): LevelRule<Settings, AnyLevel<Judged>> {
  const rules = [first, ...others];
  return {
    begins_within: (settings) => Math.max(...rules.map((rule) => rule.begins_within(settings))),
    level(given) {
      let loudest: AnyLevel<Judged> | null = null;
      for (const [by, rule] of rules.entries()) {
        const judged = rule.level(given);
        if (loudest === null || loudnessOf(judged.level) > loudnessOf(loudest.level))
          loudest = { level: judged.level, by, judged };
      }
      return loudest ?? { level: 'no_data', by: 0, judged: first.level(given) };
    },
    start: (given, { by, judged }) => (rules[by] ?? first).start(given, judged),
  };
}
