import type { Finding, Known } from './detector.ts';

/** Of a kind that is not looked for any more: it is over, and nothing more is said of it. */
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
