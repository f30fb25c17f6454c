import type { Incident } from '../../../domain/incident.ts';
import { compareBy, failingAndWorking, total } from '../../compare.ts';
import type { Report } from '../../detector.ts';
import type { Names } from '../../identity.ts';
import type { ScopeDimension } from '../../narrow-scope.ts';
import { capital, share } from '../../report.ts';
import { poissonTail } from '../../poisson-tail.ts';
import { CHANCE, isUnanswered, unanswered } from './outage-scope.ts';
import type { Matching, View } from '../../view.ts';

/** What fails, who must act, and what still works at the same time. */
export interface OutageVerdict {
  what:
    | 'provider outage'
    | 'model outage'
    | 'regional outage'
    | 'network trouble'
    | 'trouble with one client';
  party: Incident['verdict']['party'];
  why: string;
  evidence: Report['evidence'];
  /** The values that fail and those that work, of the dimension that separates them. */
  failing: readonly string[];
  working: readonly string[];
  /** Other providers that work at the same time. */
  others: readonly string[];
}

interface OutagePeers {
  provider: string;
  /** The other providers: their counts since the start, and those of the time that shows what is usual. */
  peers: readonly { identity: Names; view: View; before: View }[];
  /** From 0 to 1. */
  budget: number;
}

/**
 * If at least this share of the failures had no connection, the cause is probably the network between caller and
 * provider.
 */
const UNREACHED = 0.5;
/** Number of names in a list. */
const MOST = 10;
/** Number of names in a sentence. */
const NAMED = 3;

/**
 * Finds who must act, by comparing what fails with what works. The party is the network if other providers do not
 * answer either, if only some clients cannot connect, or if no client can connect and no other provider is known. If
 * only a model, a region or a client fails, the verdict says so. Otherwise the party is the provider. `view` begins at
 * the start of the outage.
 */
export function outageVerdict(
  matching: Matching,
  view: View,
  { provider, peers, budget }: OutagePeers,
): OutageVerdict {
  const sums = view.sums();
  const all = total(sums, matching);
  const name = provider === '' ? 'the provider' : provider;
  const unreached = total(sums, { classes: ['connection'], measure: 'requests' }).matching;
  const others = peers.map(({ identity, view: own, before }) => {
    const usual = total(before.sums(), matching);
    const since = total(own.sums(), matching, identity['provider']);
    const expected = share(usual.matching, usual.requests) * since.requests;
    return {
      ...since,
      isUsual: poissonTail(since.matching, expected) >= CHANCE,
      isSilent: isUnanswered(own, matching),
    };
  });
  const rate = share(all.matching, all.requests);
  const { working } = failingAndWorking([{ ...all, name }, ...others]);
  const failingToo = others.filter(
    (one) =>
      !one.isUsual && one.matching >= Math.max(5, budget * 2 * one.requests, (rate / 2) * one.requests),
  );
  const by = (dimension: ScopeDimension): ReturnType<typeof failingAndWorking> =>
    failingAndWorking(compareBy(sums, matching, dimension));
  const [models, regions, clients] = [by('model'), by('region'), by('client')];
  // A client that fails alone makes its region look as if it failed.
  const thereSums = sums.filter((row) => regions.failing.includes(row.region));
  const isRegion =
    regions.working.length > 0 &&
    failingAndWorking(compareBy(thereSums, matching, 'client')).working.length === 0;
  const isUnreached = unreached >= UNREACHED * all.matching;
  const silentToo = isUnanswered(view, matching) ? failingToo.filter(({ isSilent }) => isSilent) : [];
  const lists = {
    failing_classes: classesOf(sums.filter((row) => matching.classes.includes(row.class))),
    working_providers: working,
    failing_providers: failingToo.map((one) => one.name),
    working_models: models.working.slice(0, MOST),
    working_regions: regions.working.slice(0, MOST),
    working_clients: clients.working.slice(0, MOST),
  };
  const evidence: Report['evidence'] = {
    unanswered_share: share(total(sums, unanswered).matching, all.matching),
    ...Object.fromEntries(Object.entries(lists).filter(([, names]) => names.length > 0)),
  };
  const of = (
    what: OutageVerdict['what'],
    party: OutageVerdict['party'],
    apartBy: ReturnType<typeof failingAndWorking>,
    why: string,
  ): OutageVerdict => ({ what, party, why, evidence, ...apartBy, others: working });
  if (silentToo.length > 0)
    return of(
      'network trouble',
      'network',
      clients,
      `Requests to ${list(silentToo.map((one) => one.name))} get no answer either: the cause is what they share, the network, and not ${name}.`,
    );
  if (isUnreached && clients.working.length > 0)
    return of(
      'network trouble',
      'network',
      clients,
      `Requests of ${list(clients.failing)} get no answer from ${name}, while requests of ${list(clients.working)} do.`,
    );
  if (models.working.length > 0)
    return of(
      'model outage',
      'provider',
      models,
      `Only requests for ${list(models.failing)} of ${name} fail; those for ${list(models.working)} are answered.`,
    );
  if (isRegion)
    return of(
      'regional outage',
      isUnreached ? 'network' : 'region',
      regions,
      `Only requests from ${list(regions.failing)} fail; those from ${list(regions.working)} are answered by the same provider.`,
    );
  if (clients.working.length > 0)
    return of(
      'trouble with one client',
      'unknown',
      clients,
      `Only requests of ${list(clients.failing)} fail; those of ${list(clients.working)} are answered by the same provider.`,
    );
  if (isUnreached && peers.length === 0)
    return of(
      'network trouble',
      'network',
      clients,
      `No client can connect to ${name}, and there is no other provider to compare with: look at the network first.`,
    );
  const compared = working.length === 0 ? '' : `, while requests to ${list(working)} succeed`;
  return of(
    'provider outage',
    'provider',
    { failing: [name], working },
    `${alike(name, { models, regions, clients })}${compared}.`,
  );
}

/**
 * Says which values fail in the same way: "Models m, n and clients a, b of openai fail alike". If no dimension has two
 * failing values, says that there is nothing to compare.
 */
function alike(provider: string, by: Readonly<Record<string, { failing: readonly string[] }>>): string {
  const several = Object.entries(by).flatMap(([dimension, { failing }]) =>
    failing.length > 1 ? [`${dimension} ${list(failing)}`] : [],
  );
  return several.length === 0
    ? `Requests to ${provider} fail, and there are no two models, regions or clients with enough traffic to compare`
    : `${capital(several.join('; '))} of ${provider} fail alike`;
}

/** What to do about the outage, in order. */
export function outageSteps({ what, failing, working, others }: OutageVerdict): Report['remedy'] {
  const instead =
    others.length === 0 ? [] : [`Send what cannot wait to ${list(others)}: requests there succeed.`];
  const wait = 'Retry at most twice, with back-off and jitter: more retries keep the provider down.';
  const ask =
    "Look at the provider's status page; if it reports nothing after some minutes, write to support with the request ids.";
  const first: Readonly<Record<OutageVerdict['what'], readonly string[]>> = {
    'provider outage': [...instead, wait, ask],
    'model outage': [`Switch from ${list(failing)} to ${list(working)} where the task allows it.`, wait, ask],
    'regional outage': [`Send the requests from ${list(failing)} through ${list(working)}.`, wait, ask],
    'trouble with one client': [
      `Find out what ${list(failing)} does differently from ${list(working)}: timeouts, size of requests, last deployment, proxy.`,
      wait,
      ask,
    ],
    'network trouble': [
      `Check DNS, proxy, TLS and firewall ${failing.length === 0 ? 'of the callers' : `of ${list(failing)}`}, and what changed there last.`,
      'Try one request by hand from a host that fails and from one that does not.',
      wait,
    ],
  };
  const isNetwork = what === 'network trouble';
  return {
    steps: [...first[what]],
    retry: 'yes',
    owner: isNetwork ? 'network team' : 'provider',
  };
}

/** "server_error 120", most frequent first. */
function classesOf(rows: readonly { class: string; requests: number }[]): string[] {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(row.class, (counts.get(row.class) ?? 0) + row.requests);
  return [...counts]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .map(([name, count]) => `${name} ${count}`);
}

function list(names: readonly string[]): string {
  const more = names.length - NAMED;
  return `${names.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
