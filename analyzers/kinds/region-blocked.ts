import { detectorOf, sharedScope } from '../kind.ts';
import { shareAbove } from '../levels.ts';
import { describeScope } from '../narrow-scope.ts';
import { clock, count, largest, remedyOf, share } from '../report.ts';
import { sinceStart } from '../since.ts';
import type { Matching } from '../view.ts';

const matching: Matching = { classes: ['unsupported_region'], measure: 'requests' };

/** Requests are refused because of the country or region that they come from. */
export const regionBlocked = detectorOf({
  kind: 'region_blocked',
  settings: (all) => all.region_blocked,
  matching,
  lookback: ({ window_seconds }) => 3_600 + window_seconds,
  ...shareAbove(matching),
  look: sharedScope(matching),
  ...sinceStart(matching, ['region', 'client', 'key', 'project']),
  severity: () => 'warning',
  report({ scope, memory, started_at: startedAt, now }) {
    const regions = largest(memory.by['region']);
    const clients = largest(memory.by['client']);
    const who = clients.length === 0 ? '' : ` Look at ${clients.slice(0, 3).join(', ')} first.`;
    return {
      summary: `Region blocked: ${describeScope(scope)}; ${count(memory.matching)} requests were refused.`,
      verdict: {
        party: 'region',
        why: `Requests from ${regions.join(', ') || 'an unnamed region'} have been refused for their country or region since ${clock(startedAt, now)}; key and quota are not the reason.${who}`,
      },
      evidence: {
        refused_requests: memory.matching,
        refused_share: share(memory.matching, memory.requests),
        affected_regions: regions,
        affected_clients: clients,
        affected_keys: largest(memory.by['key']),
        affected_projects: largest(memory.by['project']),
      },
      remedy: remedyOf('unsupported_region', [
        'Find out from which address the requests leave: usually a new deployment, proxy or VPN is the reason.',
        'Send them through a region that the provider serves.',
        'Stop retrying: from the same region a request never succeeds.',
      ]),
    };
  },
});
