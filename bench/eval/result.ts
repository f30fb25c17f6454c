import type { Outcome } from './run-scenario.ts';
import { type Match, score } from './score.ts';
import type { Incident } from '../../domain/incident.ts';

/** The result of one scenario with one seed, as it is printed and saved. */
export interface Result {
  scenario: string;
  seed: number;
  matches: Match[];
  false_alarms: Incident[];
  /**
   * The result of the plain threshold alert: in how many true incidents it was active, and how many of its alerts were
   * in a true incident or outside of all.
   */
  plain: { seen: number; right: number; wrong: number };
  /** Length of the traffic in event time, and duration of its replay by the clock. */
  event_ms: number;
  wall_ms: number;
}

/** Scores an outcome. */
export function resultOf(outcome: Outcome, seed: number): Result {
  const { scenario, event_ms, wall_ms } = outcome;
  return { scenario: scenario.name, seed, ...score(outcome), plain: plainOf(outcome), event_ms, wall_ms };
}

function plainOf({ wanted, alerts }: Outcome): Result['plain'] {
  const overlaps = (alert: { from: number; to: number }, truth: { started_at: number; ended_at: number }) =>
    alert.from <= truth.ended_at + 300_000 && alert.to >= truth.started_at;
  const right = alerts.filter((alert) => wanted.some((truth) => overlaps(alert, truth))).length;
  return {
    seen: wanted.filter((truth) => alerts.some((alert) => overlaps(alert, truth))).length,
    right,
    wrong: alerts.length - right,
  };
}
