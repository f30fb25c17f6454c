import { quantile } from '../ingest/statistics.ts';
import type { Result } from './result.ts';

/** A measured figure with its target. `isMet` is null when nothing happened that could be measured. */
export interface Figure {
  name: string;
  measured: string;
  target: string;
  isMet: boolean | null;
}

const CALM_DAYS = 100;

/** The figures of detection with their targets. */
export function figuresOf(results: readonly Result[]): Figure[] {
  const matches = results.flatMap((one) => one.matches);
  const found = matches.filter((match) => match.found !== null);
  const wrong = results.flatMap((one) => one.false_alarms).length;
  const parties = found.filter((match) => match.isPartyRight !== null);
  const warned = matches.flatMap((match) => match.isBeforeRefusal ?? []);
  const seconds = found.flatMap((match) => match.detect_seconds ?? []);
  // Warnings are left out: another figure says whether they came in time.
  const raw = found.flatMap((match) => (match.detect_seconds === null ? [] : (match.onset_seconds ?? [])));
  const duplicates = matches.reduce((sum, match) => sum + match.duplicates, 0);
  const calm = results.filter((one) => one.matches.length === 0);
  const days = calm.reduce((sum, one) => sum + one.event_ms, 0) / 86_400_000;
  const alarms = calm.reduce((sum, one) => sum + one.false_alarms.length, 0);
  const speeds = results.map((one) => one.event_ms / one.wall_ms);
  const share = (name: string, part: number, whole: number, least: number): Figure => ({
    name,
    measured: whole === 0 ? '–' : `${(part / whole).toFixed(3)} (${part} of ${whole})`,
    target: `≥ ${least.toFixed(2)}`,
    isMet: whole === 0 ? null : part / whole >= least,
  });
  const time = (name: string, part: number, most: number): Figure => ({
    name,
    measured: seconds.length === 0 ? '–' : `${quantile(seconds, part).toFixed(1)} s`,
    target: `≤ ${most} s`,
    isMet: seconds.length === 0 ? null : quantile(seconds, part) <= most,
  });
  return [
    share('recall', found.length, matches.length, 0.95),
    share('precision', found.length, found.length + wrong, 0.95),
    {
      name: 'found more than once',
      measured: String(duplicates),
      target: '0',
      isMet: matches.length === 0 ? null : duplicates === 0,
    },
    share('scope exactly right', found.filter((match) => match.isScopeRight).length, found.length, 0.9),
    share('party right', parties.filter((match) => match.isPartyRight).length, parties.length, 0.9),
    time('found after enough evidence, median', 0.5, 30),
    time('the same, 9 of 10', 0.9, 60),
    {
      name: 'found after the trouble began',
      measured:
        raw.length === 0
          ? '–'
          : `${quantile(raw, 0.5).toFixed(1)} s, 9 of 10 ${quantile(raw, 0.9).toFixed(1)} s`,
      target: 'none',
      isMet: null,
    },
    share('warned before the first refusal', warned.filter(Boolean).length, warned.length, 0.8),
    {
      name: 'incidents in calm traffic',
      measured: calm.length === 0 ? '–' : `${alarms} in ${days.toFixed(1)} days`,
      target: `0 in ${CALM_DAYS} days`,
      // A single false alarm misses the target; with fewer calm days than the target asks for, the figure stays open.
      isMet: alarms > 0 ? false : days >= CALM_DAYS ? true : null,
    },
    {
      name: 'replay, times real time',
      measured:
        speeds.length === 0
          ? '–'
          : `${quantile(speeds, 0.5).toFixed(0)} (slowest ${Math.min(...speeds).toFixed(0)})`,
      target: '≥ 100',
      isMet: speeds.length === 0 ? null : quantile(speeds, 0.5) >= 100,
    },
  ];
}
