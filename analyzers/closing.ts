import type { Finding, Known } from './detector.ts';

/** The finding for an incident whose kind was switched off: it is over, and its last report stays. */
export function closing({ identity, started_at, scope, facts, said }: Known): Finding {
  return {
    identity,
    level: 'healthy',
    started_at,
    last_at: started_at,
    scope,
    severity: 'info',
    facts,
    report: () => said,
  };
}
