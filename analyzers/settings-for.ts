import type { IncidentKind } from '../domain/incident-kind.ts';
import type { WhereName } from '../domain/overrides.ts';
import type { AnalyzerSettings } from './detector.ts';
import type { Names } from './identity.ts';

/** The settings of one kind, with all that overrides make of them. */
export interface KindSettingsFor<Settings> {
  /** Those that hold for an identity. */
  of(identity: Names): Settings;
  /** All that can hold for one: what is read has to be enough for each of them. Those of all come first. */
  all: readonly Settings[];
}

/** What an override makes of the settings of one kind. */
interface Change {
  where: Partial<Record<WhereName, string>>;
  changed: object;
}

/** The settings of a kind by whom they are for; of several overrides that match, the later wins. Pure. */
export function settingsFor<Settings extends object>(
  { overrides }: AnalyzerSettings,
  kind: IncidentKind,
  base: Settings,
): KindSettingsFor<Settings> {
  const changes = overrides.flatMap(({ where, [kind]: changed }): Change[] =>
    changed === undefined ? [] : [{ where, changed: given(changed) }],
  );
  if (changes.length === 0) return { of: () => base, all: [base] };
  const merged = (some: readonly Change[]): Settings =>
    Object.assign({}, base, ...some.map(({ changed }) => changed));
  return {
    of: (identity) => {
      const own = changes.filter(({ where }) => isOf(identity, where));
      return own.length === 0 ? base : merged(own);
    },
    // Several may hold for one; all of them together are asked for, too.
    all: [base, ...changes.map((change) => merged([change])), merged(changes)],
  };
}

function isOf(identity: Names, where: Change['where']): boolean {
  return Object.entries(where).every(([name, value]) => value === undefined || identity[name] === value);
}

function given(changed: object): object {
  return Object.fromEntries(Object.entries(changed).filter(([, value]) => value !== undefined));
}
