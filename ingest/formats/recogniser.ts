import type { JsonObject } from './format.ts';
import type { Preset } from './presets/presets.ts';

interface Entry {
  preset: Preset;
  /** A member that every such message has; undefined when no member is required. */
  member: string | undefined;
  tests: number;
}

/**
 * Finds the presets whose conditions a message fulfils. Presets with more conditions come first; presets with equally
 * many come in the order of their names. A preset is asked only about messages that have a certain member: of the
 * members that the preset requires, the one that the fewest presets share. So many presets cost little.
 */
export function recogniser(presets: readonly Preset[]): (message: JsonObject) => Generator<Preset> {
  const needed = new Map<string, number>();
  for (const member of presets.flatMap(memberLists).flat()) needed.set(member, (needed.get(member) ?? 0) + 1);
  const entries = presets
    .flatMap((preset): Entry[] => {
      const lists = memberLists(preset);
      return (preset.mapping.recognise?.groups ?? []).map(({ tests }, i) => ({
        preset,
        tests,
        member: lists[i]?.toSorted((a, b) => (needed.get(a) ?? 0) - (needed.get(b) ?? 0))[0],
      }));
    })
    .sort((a, b) => b.tests - a.tests || (a.preset.name < b.preset.name ? -1 : 1));
  return function* (message) {
    let before: Preset | undefined;
    for (const { preset, member } of entries) {
      if (member !== undefined && message[member] === undefined) continue;
      if (
        preset === before ||
        preset.mapping.recognise?.holds({ record: message, message, odd: false }) !== true
      )
        continue;
      before = preset;
      yield preset;
    }
  };
}

/** The top-level members that each group of conditions requires. */
function memberLists({ mapping }: Preset): string[][] {
  return (mapping.recognise?.groups ?? []).map(({ needs }) =>
    needs.map(({ steps }) => steps[0]).filter((step) => typeof step === 'string'),
  );
}
