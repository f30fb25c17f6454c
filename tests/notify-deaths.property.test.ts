import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Incident } from '../domain/incident.ts';
import { type Arrival, type NotifierProcess, NotifyWorld } from './notify/notify-world.ts';
import { resolvedOf, sampleIncident } from './notify/sample-incidents.ts';

const hook = { type: 'webhook', url: 'http://127.0.0.1/' };
const notify = {
  receivers: { one: hook, two: hook },
  routes: [{ receivers: ['one', 'two'], group_by: ['org'], repeat_seconds: 0 }],
  // Longer than the tests, so that no message is given up.
  give_up_seconds: 86_400,
  history_seconds: 86_400,
};

interface Round {
  happens: readonly { do: 'fire' | 'end' | 'reopen'; incident: number }[];
  /**
   * Which process dies, at which of its next effects (a call of the store or a send), and whether that effect still
   * happens.
   */
  death: { process: number; effect: number; happens: boolean } | null;
  starts: boolean;
  answers: { arrives: boolean; ok: boolean };
  isStoreAway: boolean;
  seconds: number;
}

const often = (weight: number): fc.Arbitrary<boolean> =>
  fc.oneof({ weight, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) });
const round: fc.Arbitrary<Round> = fc.record({
  happens: fc.array(fc.record({ do: fc.constantFrom('fire', 'end', 'reopen'), incident: fc.nat(3) }), {
    maxLength: 4,
  }),
  death: fc.option(
    fc.record({ process: fc.nat(2), effect: fc.integer({ min: 1, max: 8 }), happens: fc.boolean() }),
    {
      freq: 2,
    },
  ),
  starts: fc.boolean(),
  answers: fc.record({ arrives: fc.boolean(), ok: often(2) }),
  isStoreAway: often(4).map((isThere) => !isThere),
  seconds: fc.constantFrom(5, 5, 10, 30, 60),
});

async function play(rounds: readonly Round[]): Promise<NotifyWorld> {
  const world = new NotifyWorld();
  let processes: NotifierProcess[] = [world.start(notify)];
  await world.run(20, processes);
  for (const { happens, death, starts, answers, isStoreAway, seconds } of rounds) {
    for (const { do: what, incident } of happens) happen(world, what, `i${incident}`);
    if (death !== null) processes[death.process]?.dieAt(death.effect, death.happens);
    world.receive = (receiver) => {
      const ok = answers.ok || receiver === 'two';
      return { arrives: answers.arrives || ok, answer: ok ? { ok, text: 'ok' } : { ok, text: '500' } };
    };
    world.isStoreAway = isStoreAway;
    await world.run(seconds, processes);
    processes = processes.filter((one) => !one.isDead());
    if (processes.length === 0 || (starts && processes.length < 3)) processes.push(world.start(notify));
    if (processes.length === 1) await world.run(40, processes);
  }
  // At the end everything works again, for longer than the longest pause between two tries.
  world.isStoreAway = false;
  world.receive = () => ({ arrives: true, answer: { ok: true, text: 'ok' } });
  const last = world.start(notify);
  await world.run(1_500, [...processes, last]);
  if (last.isDead()) throw new Error('the last process is not to die');
  return world;
}

function happen(world: NotifyWorld, what: 'fire' | 'end' | 'reopen', id: string): void {
  const known = world.incidents.get(id)?.incident;
  if (what === 'fire' && known === undefined)
    world.put(
      sampleIncident(id, world.now, { scope: { provider: 'openai', org: id < 'i2' ? 'acme' : 'other' } }),
    );
  if (what === 'end' && known?.state === 'firing') world.put(resolvedOf(known, world.now));
  if (what === 'reopen' && known?.state === 'resolved') {
    const reopened = Number(known.evidence['reopened'] ?? 0) + 1;
    world.put({ ...known, state: 'firing', resolved_at: null, evidence: { ...known.evidence, reopened } });
  }
}

/**
 * What one receiver learned about one incident: the first message of each key, in order, with the number of times the
 * incident had been opened again.
 */
function learned(arrivals: readonly Arrival[], receiver: string, id: string): string[] {
  const keys = new Set<string>();
  const events: string[] = [];
  for (const arrival of arrivals) {
    if (arrival.receiver !== receiver || keys.has(arrival.key)) continue;
    const about = arrival.incidents.find((incident) => incident.id === id);
    if (about === undefined) continue;
    keys.add(arrival.key);
    events.push(`${arrival.event} ${Number(about.evidence['reopened'] ?? 0)}`);
  }
  return events;
}

/** Compares two events by time: `firing 1` is after `resolved 0` and before `resolved 1`. */
function inOrder(one: string, other: string): number {
  const place = (text: string): number =>
    Number(text.split(' ')[1]) * 2 + (text.startsWith('resolved') ? 1 : 0);
  return place(one) - place(other);
}

test('whenever processes die, no message is lost or sent under two keys, and the end comes after the beginning', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(round, { minLength: 1, maxLength: 25 }), async (rounds) => {
      const world = await play(rounds);
      for (const receiver of ['one', 'two']) {
        for (const { incident } of world.incidents.values()) {
          const events = learned(world.arrivals, receiver, incident.id);
          const stands: Incident['state'] = incident.state;
          const last = events.at(-1)?.split(' ')[0];
          expect(last, `${receiver} on ${incident.id}, which is ${stands}: ${events.join()}`).toBe(stands);
          // Each event is told once, in the order in which it happened.
          expect(new Set(events).size, events.join()).toBe(events.length);
          expect(events.toSorted(inOrder)).toEqual(events);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('one of several live processes sends: each message arrives once', async () => {
  const world = new NotifyWorld();
  const processes = [1, 2, 3].map(() => world.start(notify));
  for (let i = 0; i < 20; i++) {
    happen(world, 'fire', `i${i}`);
    await world.run(15, processes);
    happen(world, 'end', `i${i}`);
  }
  await world.run(60, processes);
  expect(world.arrivals).toHaveLength(80);
  expect(new Set(world.arrivals.map(({ key }) => key)).size).toBe(80);
});

test('after an orderly stop the next process sends at once, after a kill within half a minute', async () => {
  const world = new NotifyWorld();
  const [first, second, third] = [1, 2, 3].map(() => world.start(notify));
  if (first === undefined || second === undefined || third === undefined)
    throw new Error('three were started');
  await world.run(30, [first, second, third]);
  expect(first.notifier.status().leads).toBe(true);
  await first.notifier.stop(new Promise(() => undefined));
  await world.run(15, [second, third]);
  expect(second.notifier.status().leads).toBe(true);
  second.dieAt(1, false);
  await world.run(25, [second, third]);
  expect(third.notifier.status().leads).toBe(false);
  await world.run(20, [second, third]);
  expect(third.notifier.status().leads).toBe(true);
});
