import type { Functions } from '../mapping/source.ts';

/** What presets need and no path can say, by the name under which `by:` calls it. Keep it rare: a mapping explains itself. */
export const presetFunctions: Functions = {};
