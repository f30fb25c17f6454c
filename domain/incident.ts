import { z } from 'zod';
import type { Fault } from './error-class.ts';
import { incidentKindNames } from './incident-kind.ts';

export const incidentStates = ['pending', 'firing', 'resolved'] as const;
export type IncidentState = (typeof incidentStates)[number];

/** Parties of a verdict, each with its title for people. */
export const parties = {
  provider: 'The provider',
  account: 'Your account',
  key: 'An API key',
  traffic: 'Your traffic',
  network: 'The network',
  region: 'The region',
  gateway: 'Your gateway',
  pipeline: 'The log pipeline',
  unknown: 'Not clear yet',
} as const;
export type Party = keyof typeof parties;
/** Titles of the parties, and of the faults of classes. */
export const responsible: Readonly<Record<Party | Fault, string>> = {
  ...parties,
  request: 'The request itself',
};
export const partyNames = Object.keys(parties) as [Party, ...Party[]];

/** Whom an incident concerns; a dimension that is absent means all. */
export const scope = z.strictObject({
  provider: z.string().optional(),
  org: z.string().optional(),
  project: z.string().optional(),
  key: z.string().optional(),
  client: z.string().optional(),
  region: z.string().optional(),
  model: z.string().optional(),
  class: z.string().optional(),
});
export type Scope = z.infer<typeof scope>;

const time = z.iso.datetime();

/** One step of a plan to raise the request rate again after Slow Down. */
export const recoveryStep = z.strictObject({
  /** The step may start at this time or later. */
  at: time,
  /** The request rate that is safe from then on. */
  requests_per_minute: z.number(),
});

/** An incident as JSON, as the command line, the API and webhooks show it. Times are ISO-8601 UTC. */
export const incident = z.strictObject({
  id: z.string(),
  kind: z.enum(incidentKindNames),
  state: z.enum(incidentStates),
  severity: z.enum(['info', 'warning', 'critical']),
  scope,
  started_at: time,
  detected_at: time,
  resolved_at: time.nullable(),
  summary: z.string(),
  verdict: z.strictObject({ party: z.enum(partyNames), why: z.string() }),
  /** Numbers, and short texts or lists that name who is concerned. */
  evidence: z.record(z.string(), z.union([z.number(), z.string(), z.array(z.string()), z.boolean()])),
  remedy: z.strictObject({
    steps: z.array(z.string()),
    retry: z.enum(['yes', 'after_wait', 'no']),
    owner: z.string(),
    hold_until: time.optional(),
    plan: z.array(recoveryStep).optional(),
    docs: z.string(),
  }),
  sample_request_ids: z.array(z.string()),
  related: z.array(z.string()),
});
export type Incident = z.infer<typeof incident>;
export type RecoveryStep = z.infer<typeof recoveryStep>;
