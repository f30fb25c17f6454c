import type { AnalyzerSettings } from '../detector.ts';
import { differsEvidence, differsFacts, rememberDiffers, scopeByExcess } from '../differs.ts';
import { detectorOf } from '../kind.ts';
import {
  aboveUsual,
  lastAboveUsual,
  rememberUsual,
  usualEvidence,
  usualMemory,
} from '../levels/above-usual.ts';
import { describeScope } from '../narrow-scope.ts';
import { clock, count, largest, remedyOf, share } from '../report.ts';
import { sinceStart } from '../since.ts';
import type { Matching } from '../view.ts';

const matching: Matching = { classes: ['other'], measure: 'requests' };
const since = sinceStart(matching, ['client', 'model', 'project']);
/** A caller that sends too few requests in the window is judged by a window that is this many times as long. */
const LONG = 5;
/** With less history than this (seconds) the usual share is unknown, so nothing is reported. */
const LEARN_SECONDS = 600;

/** Failures that no rule recognises. */
export const unclassified = detectorOf({
  kind: 'unclassified',
  settings: (all: AnalyzerSettings) => all.unclassified,
  has_parts: true,
  matching,
  lookback: ({ window_seconds }) => 3_600 + 2 * LONG * window_seconds,
  ...aboveUsual<AnalyzerSettings['unclassified']>(matching, {
    long: LONG,
    learn_seconds: LEARN_SECONDS,
    excuses: 'all',
    spread: true,
  }),
  ...lastAboveUsual(matching),
  look: scopeByExcess(matching),
  memory: since.memory.and(usualMemory).and(differsFacts),
  remember: (situation) => ({
    ...since.remember(situation),
    ...rememberUsual(situation.previous, situation.judged),
    ...rememberDiffers(situation.previous, situation.looked),
  }),
  severity: () => 'warning',
  report({ scope, memory, started_at: startedAt, now }) {
    const clients = largest(memory.by['client']);
    const where = clients.length === 0 ? '' : ` They come from ${clients.slice(0, 3).join(', ')}.`;
    return {
      summary: `Errors that no rule recognises: ${describeScope(scope)}; ${count(memory.matching)} of ${count(memory.requests)} requests.`,
      verdict: {
        party: 'unknown',
        why: `Since ${clock(startedAt, now)} no rule has recognised ${count(memory.matching)} failures, so faultline cannot say who must act.${where}`,
      },
      evidence: {
        unknown_failures: memory.matching,
        unknown_share: share(memory.matching, memory.requests),
        ...usualEvidence(memory),
        affected_clients: clients,
        affected_models: largest(memory.by['model']),
        affected_projects: largest(memory.by['project']),
        ...differsEvidence(memory),
      },
      remedy: remedyOf('other', [
        "Read the error texts: the table of the most frequent messages on the Overview dashboard shows them, or SELECT message, count() FROM error_events WHERE class = 'other' GROUP BY message.",
        'If your own programs or proxies cause them, fix them there.',
        'Otherwise add a rule: CONTRIBUTING.md says how, and `faultline classify` tests it.',
      ]),
    };
  },
});
