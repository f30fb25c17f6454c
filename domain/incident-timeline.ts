import type { IncidentState } from './incident.ts';

/** One event in the life of an incident. */
export interface TimelineStep {
  /** Epoch milliseconds. */
  at: number;
  /** One or two words: `found`, `firing`, `told`, `resolved`, … */
  what: string;
  /** More about it in one line; may be empty. */
  detail: string;
}

/** The log of an incident. Times are epoch milliseconds. */
export interface IncidentLog {
  startedAt: number;
  /** Evaluations that changed the incident, oldest first. */
  versions: readonly {
    at: number;
    state: IncidentState;
    severity: string;
    summary: string;
    party: string;
  }[];
  /** Messages to people. */
  deliveries: readonly { at: number; receiver: string; event: string; state: string; answer: string }[];
  /** What people said about it. */
  acknowledged: { at: number; by: string; note: string } | null;
  silences: readonly { at: number; until: number; by: string; note: string; planned: boolean }[];
}

/** Lists what happened to an incident, oldest first. Pure. */
export function timelineOf(log: IncidentLog): TimelineStep[] {
  const steps: TimelineStep[] = [{ at: log.startedAt, what: 'began', detail: '' }];
  let before: IncidentLog['versions'][number] | undefined;
  for (const version of log.versions) {
    if (before?.state !== version.state) {
      const detail = version.state === 'resolved' ? '' : `${version.severity}: ${version.summary}`;
      steps.push({ at: version.at, what: nameOf(version.state, before?.state), detail });
    } else {
      if (before.severity !== version.severity)
        steps.push({ at: version.at, what: 'severity', detail: `${before.severity} to ${version.severity}` });
      if (before.party !== version.party)
        steps.push({ at: version.at, what: 'verdict', detail: `${before.party} to ${version.party}` });
    }
    before = version;
  }
  for (const { at, receiver, event, state, answer } of log.deliveries) {
    const what = state === 'sent' ? 'told' : 'not told';
    const why = state === 'sent' || answer === '' ? '' : `: ${answer}`;
    steps.push({ at, what, detail: `${receiver}, ${event}${why}` });
  }
  if (log.acknowledged !== null) {
    const { at, by, note } = log.acknowledged;
    steps.push({ at, what: 'acknowledged', detail: `by ${by}${note === '' ? '' : `: ${note}`}` });
  }
  for (const { at, until, by, note, planned } of log.silences) {
    const end = new Date(until).toISOString();
    const detail = `until ${end} by ${by}${note === '' ? '' : `: ${note}`}`;
    steps.push({ at, what: planned ? 'maintenance' : 'silenced', detail });
  }
  return steps.sort((a, b) => a.at - b.at);
}

function nameOf(state: IncidentState, before: IncidentState | undefined): string {
  if (before === undefined)
    return state === 'firing' ? 'found, firing' : state === 'pending' ? 'found' : state;
  return before === 'resolved' ? 'opened again' : state;
}
