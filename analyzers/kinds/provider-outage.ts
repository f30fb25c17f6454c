import { z } from 'zod';
import type { AnalyzerSettings } from '../detector.ts';
import { differsEvidence, differsFacts, rememberDiffers } from '../differs.ts';
import { detectorOf } from '../kind.ts';
import { burnRate } from '../levels/burn-rate.ts';
import { describeScope } from '../narrow-scope.ts';
import { capital, clock, largest, round, share } from '../report.ts';
import { sinceStart } from '../since.ts';
import type { Matching } from '../view.ts';
import { outageScope } from './outage/outage-scope.ts';
import { outageSteps, outageVerdict } from './outage/outage-verdict.ts';

const matching: Matching = {
  classes: ['server_error', 'engine_overloaded', 'timeout', 'connection'],
  measure: 'requests',
};
const since = sinceStart(matching, ['model', 'client', 'region']);
const memory = since.memory.and(differsFacts).and(z.object({ pace: z.string() }));
/**
 * Traffic that is older than this many seconds is not used for comparison. Counts by region are read that far back;
 * older counts, per hour, have no regions.
 */
const COMPARED_SECONDS = 6 * 3_600;

/** Requests fail for reasons of the provider, or get no answer. */
export const providerOutage = detectorOf({
  kind: 'provider_outage',
  settings: (all: AnalyzerSettings) => all.provider_outage,
  joins: true,
  matching,
  reads: ({ window_seconds: window }) => ({
    by: ['client', 'region', 'model'],
    fine: 15 * window,
    minutes: Math.max(COMPARED_SECONDS, 360 * window),
    hours: 4_320 * window,
  }),
  ...burnRate<AnalyzerSettings['provider_outage'], z.infer<typeof memory>>({
    matching,
    budget: ({ budget }) => budget,
    paces: ({ window_seconds: window, fast_factor, slow_factor, leak_factor }) => [
      // A single window cannot tell an outage from a blip, so the failures must also have lasted. When the incident
      // fires, after the pending time, they have lasted half a window.
      { name: 'fast', windows: [window], factor: fast_factor, lasts: window / 3 },
      { name: 'fast', windows: [window, 5 * window], factor: fast_factor },
      { name: 'slow', windows: [5 * window, 60 * window], factor: slow_factor },
      { name: 'leak', windows: [30 * window, 360 * window, 4_320 * window], factor: leak_factor },
    ],
  }),
  look: (view, whole, { now, settings, peers, ...around }) =>
    outageScope(
      matching,
      { view, whole },
      { ...around, peers: peers(), budget: settings.budget, compared_from: now - COMPARED_SECONDS },
    ),
  memory,
  remember: (situation) => ({
    ...since.remember(situation),
    ...rememberDiffers(situation.previous, situation.looked),
    // The fastest pace so far. When an outage ends, only the slower paces still show it, and they would make it look
    // harmless.
    pace: faster(situation.judged.pace?.name, situation.previous?.pace),
  }),
  severity: ({ memory }) => (memory.pace === 'fast' ? 'critical' : 'warning'),
  report(at) {
    const { scope, memory, settings, started_at: startedAt, now, view, identity } = at;
    const from = Math.max(startedAt, now - COMPARED_SECONDS);
    const until = Math.max(memory.counted_until, from);
    const found = outageVerdict(matching, view.between(from, until), {
      provider: identity['provider'] ?? '',
      peers: at.peers().map((peer) => ({
        ...peer,
        view: peer.view.between(from, until),
        before: peer.view.between(now - COMPARED_SECONDS, startedAt),
      })),
      budget: settings.budget,
    });
    const failed = share(memory.matching, memory.requests);
    return {
      summary: `${capital(found.what)}, ${describeScope(scope)}: ${round(failed * 100)} % of the requests have failed since ${clock(startedAt, now)}.`,
      verdict: { party: found.party, why: found.why },
      evidence: {
        failed_requests: memory.matching,
        failed_share: failed,
        error_budget: settings.budget,
        burn_rate: round(failed / settings.budget),
        pace: memory.pace,
        ...found.evidence,
        affected_models: largest(memory.by['model']),
        affected_regions: largest(memory.by['region']),
        affected_clients: largest(memory.by['client']),
        ...differsEvidence(memory),
      },
      remedy: outageSteps(found),
    };
  },
});

function faster(one = '', other = ''): string {
  return ['fast', 'slow', 'leak'].find((name) => name === one || name === other) ?? '';
}
