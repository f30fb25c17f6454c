import type { Incident, Scope } from '../domain/incident.ts';
import type { Store } from '../store/store.ts';
import { readCountsGone } from '../store/queries/class-counts.ts';
import { readLastRequest, readOwners, readVersionsAt } from '../store/queries/incident-versions.ts';
import { baseOf } from './beside-incident.ts';
import { CountWindow } from './count-window.ts';
import { orgKey } from './count-view.ts';
import type { AnalyzerSettings, Detector, Known } from './detector.ts';
import { identityKey, type Names, organizationOf } from './identity.ts';
import { type LiveIncident, toKnown } from './live-incident.ts';
import { stepSeconds } from './step-range.ts';
import { fromStored } from './to-stored.ts';
import type { Weighed } from './weigh.ts';
import { whyReason, type WhyReason } from './why-not.ts';

/** The question. Times are epoch seconds. */
export interface WhyAsked {
  scope: Scope;
  at: number;
  /** The present; null: event time is that of a history that has ended. */
  now: number | null;
}

/** The answer of a kind for one identity that contains the scope. */
export interface WhyAnswer extends Weighed {
  reason: WhyReason;
  /** The incidents of the identity that were known then, with their state at that time. */
  incidents: readonly { id: string; state: Incident['state']; scope: Scope }[];
}

export interface Why {
  /** Time of the evaluation that is shown: the last one up to the time of the question. */
  evaluated_at: number;
  answers: readonly WhyAnswer[];
  /** Why there is no answer; null when there is one. */
  reason: WhyReason | null;
  /** The last minute before that time in which the scope sent requests, if this explains why there is no answer. */
  last_request_at: number | null;
  /** True when more organizations contain the scope than were judged. */
  is_cut: boolean;
}

/** Number of organizations that are judged for one question. */
const MOST_ORGS = 20;
const SEEN_SECONDS = 7 * 86_400;

/**
 * Judges a kind again as it was judged at a past time: with the same functions, the counts that are stored now, and the
 * incidents that were known then. Counts that came in after the original evaluation are included. Throws `StoreError`.
 */
export async function whyAt(
  store: Store,
  detector: Detector,
  settings: AnalyzerSettings,
  { scope, at, now }: WhyAsked,
): Promise<Why> {
  const step = Math.max(stepSeconds(settings), detector.every_seconds ?? 0);
  const time = Math.floor(at / step) * step;
  const none = { evaluated_at: time, answers: [], last_request_at: null, is_cut: false };
  if (now !== null && time > now - settings.settle_seconds) return { ...none, reason: 'not_yet' };
  const reads = detector.reads?.(settings);
  // No identity is read: the kind is switched off for all, or a setting that it needs is absent.
  if (detector.least(settings).count === Infinity || reads === null || reads?.fine === 0)
    return { ...none, reason: 'disabled' };
  const lookback = detector.lookback(settings);
  const gone = await readCountsGone(store, { from: time - lookback, to: time });
  if (gone !== null && gone + lookback > time) return { ...none, reason: 'before_retention' };

  const named = Object.fromEntries(
    Object.entries(scope).flatMap(([name, value]) =>
      name === 'class' || value === undefined ? [] : [[name, value]],
    ),
  );
  const span = { from: time - Math.max(lookback, step), to: time };
  const owners = await readOwners(store, named, span, MOST_ORGS + 1);
  const live = fromStored((await readVersionsAt(store, detector.kind, time)).known);
  for (const [key, one] of live) if (isForgotten(one, time, settings)) live.delete(key);

  const window = new CountWindow();
  const asked = owners.slice(0, MOST_ORGS).map((identity) => ({ memory: { identity } }));
  const read = new Map(asked.map((one, i) => [String(i), one]));
  await window.advance(store, { from: time, to: time, live: read }, [detector], settings);
  const known = knownOf(live, time);
  const isAsked = (names: Names): boolean => {
    const { provider, org } = names;
    return owners.some((one) => one.provider === provider && (org === undefined || one.org === org));
  };
  const answers = detector
    .weigh(window, settings, time, { scope, known })
    .filter(
      ({ identity, requests, last_request_at: last }) => isAsked(identity) && (requests > 0 || last !== null),
    )
    .map((one): WhyAnswer => {
      const org = organizationOf(one.identity);
      const isLeftOut = org !== null && window.left_out.has(orgKey(org));
      return {
        ...one,
        reason: whyReason(one, { isLeftOut }),
        incidents: [...live.values()]
          .filter(({ memory }) => identityKey(baseOf(memory.identity)) === identityKey(one.identity))
          .map(({ incident, memory }) => ({
            id: incident.id,
            state: memory.life.state,
            scope: incident.scope,
          })),
      };
    });
  const found = { evaluated_at: time, answers, is_cut: owners.length > MOST_ORGS };
  if (answers.length > 0) return { ...found, reason: null, last_request_at: null };
  const last = await readLastRequest(store, named, { from: time - SEEN_SECONDS, to: time });
  return { ...found, reason: last === null ? 'unknown_scope' : 'quiet', last_request_at: last };
}

/** Incidents of a kind that were pending at a time and fired later, for a scope. Throws `StoreError`. */
export async function pendingAt(
  store: Store,
  detector: Pick<Detector, 'kind'>,
  { scope, at }: Pick<WhyAsked, 'scope' | 'at'>,
): Promise<Incident[]> {
  const { pending } = await readVersionsAt(store, detector.kind, at);
  return pending.map(({ incident }) => incident).filter((one) => isOf(one.scope, scope));
}

function isForgotten({ memory: { life } }: LiveIncident, at: number, settings: AnalyzerSettings): boolean {
  return life.resolved_at !== null && at - life.resolved_at > settings.reopen_seconds;
}

/**
 * The incidents by identity, without the mark that tells incidents of one identity apart; of several, the first one is
 * used.
 */
function knownOf(live: ReadonlyMap<string, LiveIncident>, at: number): ReadonlyMap<string, Known> {
  const known = new Map<string, Known>();
  for (const one of live.values()) {
    const key = identityKey(baseOf(one.memory.identity));
    if (!known.has(key)) known.set(key, toKnown(one, at));
  }
  return known;
}

function isOf(one: Scope, scope: Scope): boolean {
  return scopeKeys.every(
    (name) => one[name] === undefined || scope[name] === undefined || one[name] === scope[name],
  );
}

const scopeKeys = ['provider', 'org', 'project', 'key', 'client', 'region', 'model'] as const;
