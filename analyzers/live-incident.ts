import { z } from 'zod';
import { type Incident, incidentStates } from '../domain/incident.ts';
import type { Life } from './incident-life.ts';
import type { DetectorMemory, Known } from './detector.ts';
import { identityKey, type Names } from './identity.ts';

/**
 * An open incident with all that its next evaluation needs: the incident that people see, and the memory that only the
 * analyzers use.
 */
export interface LiveIncident {
  incident: Incident;
  memory: Memory;
}

/** What is remembered between evaluations. */
export interface Memory {
  identity: Names;
  life: Life;
  facts: DetectorMemory;
}

const memory = z.object({
  identity: z.record(z.string(), z.string()),
  life: z.object({
    state: z.enum(incidentStates),
    started_at: z.number(),
    breach_at: z.number(),
    detected_at: z.number().nullable(),
    resolved_at: z.number().nullable(),
    last_at: z.number(),
    healthy_seconds: z.number(),
    evaluated_at: z.number(),
    held: z.enum(['no_data', 'data_incomplete']).nullable(),
    reopened: z.number(),
  }),
  facts: z.record(z.string(), z.unknown()),
});

/** New answers may correct the scope for this many seconds after the incident fired. */
export const SCOPE_CHANGES_SECONDS = 120;
/**
 * The scope may become wider for this many seconds after the start. Until then, kinds that compare an incident with the
 * time before it still have the counts of that time in memory.
 */
export const SCOPE_WIDENS_SECONDS = 1_800;

/**
 * Reads a stored memory; null when it was written by another version of the program, or by another part of the program.
 */
export function parseMemory(json: string): Memory | null {
  try {
    return memory.safeParse(JSON.parse(json)).data ?? null;
  } catch {
    return null;
  }
}

/** Key of an open incident. A kind has at most one for each identity. */
export function liveKey(kind: Incident['kind'], identity: Names): string {
  return `${kind}\n${identityKey(identity)}`;
}

/** What the detector receives about a live incident at `now` (epoch seconds). */
export function toKnown({ incident, memory: { identity, life, facts } }: LiveIncident, now: number): Known {
  return {
    identity,
    scope: incident.scope,
    state: life.state,
    facts,
    started_at: life.started_at,
    evaluated_at: life.evaluated_at,
    said: incident,
    scope_may: scopeMay(life, now),
  };
}

function scopeMay(life: Life, now: number): Known['scope_may'] {
  if (life.state === 'resolved') return 'stay';
  if (life.detected_at === null || now - life.detected_at < SCOPE_CHANGES_SECONDS) return 'change';
  // To look at all counts since the start is the most expensive part of an evaluation, so it is done only once a
  // minute.
  return now - life.started_at < SCOPE_WIDENS_SECONDS && now % 60 === 0 ? 'widen' : 'stay';
}
