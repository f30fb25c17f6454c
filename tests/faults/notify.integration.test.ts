import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Incident } from '../../domain/incident.ts';
import type { Running } from '../fixtures/run-faultline.ts';
import { seededChance } from '../fixtures/seed.ts';
import { until } from '../fixtures/until.ts';
import { startNotifyBench } from '../notify/analyzers.ts';
import { startReceiver } from '../notify/receiver.ts';
import { resolvedOf, sampleIncident, writeAt } from '../notify/sample-incidents.ts';

const KILLS = 4;
const now = (): number => Date.now() / 1000;

/** True when the analyzer runs and its last log line about the lease says that it has the lease. */
function sends({ stderr, child }: Running): boolean {
  const said = [...stderr().matchAll(/"leads":(true|false)/g)].at(-1)?.[1];
  return child.exitCode === null && child.signalCode === null && said === 'true';
}

test('analyzers that are killed at any moment lose no message, and send none under two keys', async () => {
  const chance = seededChance('notifications');
  const receiver = await startReceiver();
  // While false, the receiver answers 503 to 40 % of the messages, although it keeps them.
  let isWell = false;
  receiver.answer = () => (isWell || chance.next() < 0.6 ? { status: 200 } : { status: 503, text: 'later' });
  const bench = await startNotifyBench({ receivers: { hook: { type: 'webhook', url: receiver.url } } });
  try {
    const incidents = new Map<string, Incident>();
    const write = async (incident: Incident): Promise<void> => {
      incidents.set(incident.id, incident);
      await writeAt(bench.store, now(), [incident]);
    };
    let programs = [bench.start(), bench.start()];
    for (let kill = 0; kill < KILLS; kill++) {
      const leader = await until(
        `one of them sends: ${programs.map((one) => one.stderr()).join('\n')}`,
        () => programs.find(sends) ?? null,
        180_000,
      );
      expect(programs.filter(sends)).toHaveLength(1);
      for (let i = 0; i < 5; i++) await write(sampleIncident(`k${kill}i${i}`, now()));
      for (const one of incidents.values())
        if (one.state === 'firing' && chance.next() < 0.3) await write(resolvedOf(one, now()));
      // Kills the program at a random moment while it decides, announces, sends and stores.
      await sleep(chance.between(0, 6_000));
      leader.child.kill('SIGKILL');
      await leader.finished;
      programs = [...programs.filter((one) => one !== leader), bench.start()];
    }
    isWell = true;
    const learned = (id: string): string[] => {
      const keys = new Map<string, string>();
      for (const { body } of receiver.received) {
        const about = body['incidents'] as { incident: Incident }[];
        const key = String(body['idempotency_key']);
        if (about.some(({ incident }) => incident.id === id) && !keys.has(key))
          keys.set(key, String(body['event']));
      }
      return [...keys.values()];
    };
    await until(
      'all is told as it stands',
      () => [...incidents.values()].every(({ id, state }) => learned(id).at(-1) === state),
      150_000,
    );
    for (const { id, state } of incidents.values()) {
      const events = learned(id);
      // If an incident ends before a message is sent, only its end is sent. For all others the beginning comes before
      // the end.
      const right = state === 'firing' ? [['firing']] : [['firing', 'resolved'], ['resolved']];
      expect(right, `${id} was told ${events.join()}`).toContainEqual(events);
    }
    expect(incidents.size).toBe(KILLS * 5);
  } finally {
    await bench.close();
    await receiver.close();
  }
}, 600_000);
