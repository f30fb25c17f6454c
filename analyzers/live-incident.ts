import { z } from 'zod';
import { type Incident, incidentStates } from '../domain/incident.ts';
import type { Life } from './incident-life.ts';
import type { Facts, Known } from './detector.ts';
import { identityKey, type Names } from './identity.ts';

/** An incident with all that its next evaluation needs: the contract, and the memory beside it. */
export interface LiveIncident {
  incident: Incident;
  memory: Memory;
}

/** What is remembered between evaluations. */
export interface Memory {
  identity: Names;
  life: Life;
  facts: Facts;
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

/** For this long after firing, new answers may still correct the scope; seconds. */
export const SCOPE_CHANGES_SECONDS = 120;
/** For this long after the start the scope may still become wider; the rates before the ramp are still known then. */
export const SCOPE_WIDENS_SECONDS = 1_800;

/** Reads a stored memory; null when it has another version or another program part wrote it. */
export function parseMemory(json: string): Memory | null {
  try {
    return memory.safeParse(JSON.parse(json)).data ?? null;
  } catch {
    return null;
  }
}

/** Key of a live incident: at most one of a kind per identity. */
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
  // Looking at everything since the start is the most expensive part of an evaluation: once a minute is enough.
  return now - life.started_at < SCOPE_WIDENS_SECONDS && now % 60 === 0 ? 'widen' : 'stay';
}
