import type { Incident } from '../../domain/incident.ts';
import type { IncidentKind } from '../../domain/incident-kind.ts';
import { writeIncidents } from '../../store/queries/incidents.ts';
import type { Store } from '../../store/store.ts';

/** An incident as the analyzers write it; times are epoch seconds. */
export function sampleIncident(id: string, at: number, more: Partial<Incident> = {}): Incident {
  return {
    id,
    kind: 'quota_exhausted' satisfies IncidentKind,
    state: 'firing',
    severity: 'critical',
    scope: { provider: 'openai', org: 'acme' },
    started_at: new Date((at - 20) * 1000).toISOString(),
    detected_at: new Date(at * 1000).toISOString(),
    resolved_at: null,
    summary: 'The prepaid credit of acme is used up.',
    verdict: { party: 'account', why: 'Every request fails with insufficient_quota.' },
    evidence: { quota: 'credit_balance', failed_requests: 1_234, useless_retries: 900 },
    remedy: {
      steps: ['Add credit to the organization in its billing settings.'],
      retry: 'no',
      owner: 'billing owner',
      docs: 'docs/errors/quota_exceeded.md',
    },
    sample_request_ids: ['req_1'],
    related: [],
    ...more,
  };
}

/** The same incident, resolved. */
export function resolvedOf(incident: Incident, at: number): Incident {
  return { ...incident, state: 'resolved', resolved_at: new Date(at * 1000).toISOString() };
}

/** Writes incidents as an evaluation at this time (epoch seconds) would write them. */
export async function writeAt(store: Store, at: number, incidents: readonly Incident[]): Promise<void> {
  await writeIncidents(
    store,
    incidents.map((incident) => ({ incident, version: Math.round(at * 1000), memory: '' })),
  );
}
