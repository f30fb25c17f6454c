import type { IncidentKind } from '../domain/incident-kind.ts';
import type { WhereName } from '../domain/overrides.ts';
import type { AnalyzerSettings } from './detector.ts';
import type { Names } from './identity.ts';

/** The settings of one kind, with their overrides. */
export interface KindSettingsFor<Settings> {
  /** The settings of an identity. */
  of(identity: Names): Settings;
  /**
   * The settings that decide which counts are read: without overrides (first), with each override alone, and with all
   * overrides together.
   */
  all: readonly Settings[];
}

/** One override, as a change of the settings of one kind. */
interface OverrideChange {
  where: Partial<Record<WhereName, string>>;
  changed: object;
}

/** The settings of a kind for each identity; when several overrides match, the later one wins. Pure. */
export function settingsFor<Settings extends object>(
  { overrides }: AnalyzerSettings,
  kind: IncidentKind,
  base: Settings,
): KindSettingsFor<Settings> {
  const changes = overrides.flatMap(({ where, [kind]: changed }): OverrideChange[] =>
    changed === undefined ? [] : [{ where, changed: given(changed) }],
  );
  if (changes.length === 0) return { of: () => base, all: [base] };
  const merged = (some: readonly OverrideChange[]): Settings =>
    Object.assign({}, base, ...some.map(({ changed }) => changed));
  return {
    of: (identity) => {
      const own = changes.filter(({ where }) => isOf(identity, where));
      return own.length === 0 ? base : merged(own);
    },
    // Several overrides can apply to one identity, so all of them together are listed, too.
    all: [base, ...changes.map((change) => merged([change])), merged(changes)],
  };
}

function isOf(identity: Names, where: OverrideChange['where']): boolean {
  return Object.entries(where).every(([name, value]) => value === undefined || identity[name] === value);
}

function given(changed: object): object {
  return Object.fromEntries(Object.entries(changed).filter(([, value]) => value !== undefined));
}
