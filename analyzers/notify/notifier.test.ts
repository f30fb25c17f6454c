import { describe, expect, test } from 'vitest';
import type { Marks, Silence } from '../../domain/attention.ts';
import type { Incident } from '../../domain/incident.ts';
import { type NotifierProcess, NotifyWorld } from '../../tests/notify/notify-world.ts';
import { resolvedOf, sampleIncident } from '../../tests/notify/sample-incidents.ts';

const hook = { type: 'webhook', url: 'http://127.0.0.1/' };
const HOUR = 3_600;

/** Starts a test in which one analyzer is already sending. */
async function begin(
  notify: Record<string, unknown> = {},
  channel: Parameters<NotifyWorld['start']>[1] = {},
): Promise<{
  world: NotifyWorld;
  run: (seconds: number) => Promise<void>;
  sent: () => string[];
  one: NotifierProcess;
}> {
  const world = new NotifyWorld();
  const one = world.start({ receivers: { hook }, ...notify }, channel);
  const run = (seconds: number): Promise<void> => world.run(seconds, [one]);
  await run(20);
  const sent = (): string[] =>
    world.arrivals.map(
      ({ receiver, event, incidents }) => `${receiver} ${event} ${incidents.map(({ id }) => id).join('+')}`,
    );
  return { world, run, sent, one };
}

const silence = (world: NotifyWorld, fields: Partial<Silence> = {}): Marks => ({
  acknowledgements: new Map(),
  silences: [
    {
      id: 's',
      kinds: [],
      scope: {},
      starts_at: world.now - 1,
      ends_at: world.now + HOUR,
      every_seconds: 0,
      planned: false,
      by: '',
      note: '',
      ended_at: null,
      ...fields,
    },
  ],
});
const ack = (world: NotifyWorld, id: string): Marks => ({
  silences: [],
  acknowledgements: new Map([[id, { incident: id, at: world.now, reopened: 0, by: '', note: '' }]]),
});
/** Makes the last evaluation of the incident look older. */
function putPast(world: NotifyWorld, incident: Incident, secondsAgo: number): void {
  world.incidents.set(incident.id, { incident, evaluated_at: world.now - secondsAgo, written_at: world.now });
}

describe('history does not page', () => {
  test('an incident whose last evaluation is older than the setting is not told', async () => {
    const { world, run, sent } = await begin();
    putPast(world, sampleIncident('old', world.now - 2 * HOUR), 2 * HOUR);
    putPast(world, resolvedOf(sampleIncident('over', world.now - 3 * HOUR), world.now - 2 * HOUR), 2 * HOUR);
    await run(1_300);
    expect(sent()).toEqual([]);
  });
  test('an incident that began long ago is told as soon as the evaluations reach the present', async () => {
    const { world, run, sent } = await begin();
    const incident = sampleIncident('i', world.now - 2 * HOUR);
    putPast(world, incident, 2 * HOUR);
    await run(10);
    expect(sent()).toEqual([]);
    world.put(incident);
    await run(10);
    expect(sent()).toEqual(['hook firing i']);
  });
  test('an incident that came and went while nobody could send is told as resolved', async () => {
    const { world, run, sent } = await begin();
    world.put(resolvedOf(sampleIncident('i', world.now - 900), world.now - 600));
    await run(10);
    expect(sent()).toEqual(['hook resolved i']);
  });
  test('but not to a receiver that cannot understand an end without a beginning', async () => {
    const { world, run, sent } = await begin({}, { channel: { tells_past: false } });
    world.put(resolvedOf(sampleIncident('i', world.now - 900), world.now - 600));
    await run(10);
    expect(sent()).toEqual([]);
  });
  test('a receiver that was away for longer than the setting is still told', async () => {
    const { world, run, sent } = await begin();
    world.receive = () => ({ arrives: false, answer: { ok: false, text: '503' } });
    const incident = sampleIncident('i', world.now);
    world.put(incident);
    await run(2 * HOUR);
    world.receive = () => ({ arrives: true, answer: { ok: true, text: 'ok' } });
    await run(900);
    expect(sent()).toEqual(['hook firing i']);
  });
});

describe('marks of people', () => {
  test('a silence holds an incident back; if it still fires afterwards, it is told', async () => {
    const { world, run, sent } = await begin();
    world.marks = silence(world, { ends_at: world.now + 120 });
    world.put(sampleIncident('i', world.now));
    await run(110);
    expect(sent()).toEqual([]);
    await run(30);
    expect(sent()).toEqual(['hook firing i']);
  });
  test('an incident that came and went in a silence is never told', async () => {
    const { world, run, sent } = await begin();
    world.marks = silence(world, { ends_at: world.now + 120 });
    const incident = sampleIncident('i', world.now);
    world.put(incident);
    await run(30);
    world.put(resolvedOf(incident, world.now));
    await run(300);
    expect(sent()).toEqual([]);
  });
  test('an incident that was told before a silence is told as resolved during it', async () => {
    const { world, run, sent } = await begin();
    const incident = sampleIncident('i', world.now);
    world.put(incident);
    await run(10);
    world.marks = silence(world);
    world.put(resolvedOf(incident, world.now));
    await run(10);
    expect(sent()).toEqual(['hook firing i', 'hook resolved i']);
  });
  test('an acknowledged incident is not repeated, but a higher severity and its end are told', async () => {
    const { world, run, sent } = await begin({ routes: [{ receivers: ['hook'], repeat_seconds: 60 }] });
    const incident = sampleIncident('i', world.now, { severity: 'warning' });
    world.put(incident);
    await run(70);
    expect(sent()).toEqual(['hook firing i', 'hook firing i']);
    world.marks = ack(world, 'i');
    await run(200);
    expect(sent()).toHaveLength(2);
    world.put({ ...incident, severity: 'critical' });
    await run(200);
    expect(sent()).toHaveLength(3);
    world.put(resolvedOf({ ...incident, severity: 'critical' }, world.now));
    await run(10);
    expect(sent()[3]).toBe('hook resolved i');
  });
});

describe('a consequence', () => {
  test('is not told while its cause lasts, and is told when it outlives the cause', async () => {
    const { world, run, sent } = await begin();
    const storm = sampleIncident('storm', world.now, { kind: 'retry_storm' });
    const cause = sampleIncident('cause', world.now, { related: ['storm'] });
    world.put(cause);
    world.put(storm);
    await run(600);
    expect(sent()).toEqual(['hook firing cause']);
    world.put(resolvedOf(cause, world.now));
    world.put(storm);
    await run(800);
    expect(sent()).toEqual(['hook firing cause', 'hook resolved cause']);
    world.put(storm);
    await run(200);
    expect(sent().at(-1)).toBe('hook firing storm');
  });
  test('that was told before its cause was known is told as resolved', async () => {
    const { world, run, sent } = await begin();
    const storm = sampleIncident('storm', world.now, { kind: 'retry_storm' });
    world.put(storm);
    await run(10);
    world.put(sampleIncident('cause', world.now, { related: ['storm'] }));
    world.put(resolvedOf(storm, world.now));
    await run(10);
    expect(sent().toSorted()).toEqual(['hook firing cause', 'hook firing storm', 'hook resolved storm']);
  });
});

describe('routes', () => {
  const two = { receivers: { hook, pager: hook } };
  test('are used in order: the first that matches decides', async () => {
    const { world, run, sent } = await begin({
      ...two,
      routes: [
        { severity: ['critical'], scope: { org: ['acme', 'other'] }, receivers: ['pager'] },
        { kind: ['quota_exhausted'], party: ['account'], receivers: ['hook'] },
      ],
    });
    world.put(sampleIncident('a', world.now));
    world.put(sampleIncident('b', world.now, { severity: 'warning' }));
    world.put(sampleIncident('c', world.now, { severity: 'warning', verdict: { party: 'key', why: '' } }));
    await run(10);
    expect(sent().toSorted()).toEqual(['hook firing b', 'pager firing a']);
  });
  test('group by values, and wait for the group to fill', async () => {
    const { world, run, sent } = await begin({
      routes: [{ receivers: ['hook'], group_by: ['org'], group_seconds: 60 }],
    });
    world.put(sampleIncident('a', world.now));
    world.put(sampleIncident('x', world.now, { scope: { provider: 'openai', org: 'other' } }));
    await run(30);
    world.put(sampleIncident('b', world.now));
    await run(20);
    expect(sent()).toEqual([]);
    await run(20);
    expect(sent().toSorted()).toEqual(['hook firing a+b', 'hook firing x']);
  });
  test('without messages about the end send none, and the next beginning is told again', async () => {
    const { world, run, sent } = await begin({ routes: [{ receivers: ['hook'], resolved: false }] });
    const incident = sampleIncident('i', world.now);
    world.put(incident);
    await run(10);
    world.put(resolvedOf(incident, world.now));
    await run(700);
    expect(sent()).toEqual(['hook firing i']);
    world.put({ ...incident, evidence: { reopened: 1 } });
    await run(10);
    expect(sent()).toEqual(['hook firing i', 'hook firing i']);
  });
  test('that have changed still tell the end to a receiver that was told the beginning', async () => {
    const { world, run, sent, one } = await begin(two);
    const incident = sampleIncident('i', world.now);
    world.put(incident);
    await run(10);
    await one.notifier.stop(new Promise(() => undefined));
    const changed = world.start({ ...two, routes: [{ receivers: ['pager'] }] });
    await world.run(30, [changed]);
    world.put(resolvedOf(incident, world.now));
    await world.run(10, [changed]);
    expect(sent().toSorted()).toEqual([
      'hook firing i',
      'hook resolved i',
      'pager firing i',
      'pager resolved i',
    ]);
  });
});

describe('receivers', () => {
  test('a message that a receiver never accepts does not block its other messages', async () => {
    const { world, run, sent } = await begin();
    world.receive = (_receiver, incidents) =>
      incidents.some(({ id }) => id === 'poison')
        ? { arrives: false, answer: { ok: false, text: '400' } }
        : { arrives: true, answer: { ok: true, text: 'ok' } };
    world.put(sampleIncident('poison', world.now));
    await run(5);
    for (const id of ['a', 'b', 'c']) world.put(sampleIncident(id, world.now));
    await run(60);
    expect(sent().toSorted()).toEqual(['hook firing a', 'hook firing b', 'hook firing c']);
  });
  test('a receiver that asks to wait is left alone for that time', async () => {
    const { world, run, sent } = await begin();
    let tries = 0;
    world.receive = () => {
      tries++;
      return { arrives: false, answer: { ok: false, text: '429', retry_seconds: 300 } };
    };
    for (const id of ['a', 'b', 'c']) world.put(sampleIncident(id, world.now));
    await run(290);
    expect(tries).toBe(1);
    world.receive = () => ({ arrives: true, answer: { ok: true, text: 'ok' } });
    await run(400);
    expect(sent()).toHaveLength(3);
  });
  test('a message to a dead receiver is tried ever more rarely, and finally given up', async () => {
    const { world, run } = await begin({ give_up_seconds: 7_200 });
    let tries = 0;
    world.receive = () => {
      tries++;
      return { arrives: false, answer: { ok: false, text: 'ECONNREFUSED' } };
    };
    world.put(sampleIncident('i', world.now));
    await run(HOUR);
    expect(tries).toBeLessThan(16);
    await run(2 * HOUR);
    expect([...world.deliveries.values()].map(({ state, attempts }) => ({ state, attempts }))).toEqual([
      { state: 'given_up', attempts: tries },
    ]);
  });
  test('at most 1,000 messages wait for a dead receiver, and it gets all incidents when it is back', async () => {
    const { world, run, sent } = await begin();
    world.receive = () => ({ arrives: false, answer: { ok: false, text: 'ECONNREFUSED' } });
    for (let i = 0; i < 1_500; i++) world.put(sampleIncident(`i${i}`, world.now));
    await run(30);
    expect(world.deliveries.size).toBe(1_000);
    world.receive = () => ({ arrives: true, answer: { ok: true, text: 'ok' } });
    await run(120);
    expect(new Set(sent()).size).toBe(1_500);
    expect(world.arrivals).toHaveLength(1_500);
  });
  test('a receiver that forgets is told every minute what still fires, without silenced incidents', async () => {
    const refreshed: string[][] = [];
    const { world, run, sent } = await begin(
      {},
      {
        channel: {
          refresh: async (incidents) => {
            refreshed.push(incidents.map(({ id }) => id));
            return { ok: true, text: '' };
          },
        },
      },
    );
    world.put(sampleIncident('i', world.now));
    world.put(sampleIncident('j', world.now, { kind: 'retry_storm' }));
    await run(190);
    expect(refreshed.length).toBeGreaterThanOrEqual(3);
    expect(new Set(refreshed.map((ids) => ids.join()))).toEqual(new Set(['i,j']));
    world.marks = silence(world, { kinds: ['retry_storm'] });
    await run(70);
    expect(refreshed.at(-1)).toEqual(['i']);
    // Such a receiver repeats messages itself, so no more are sent.
    expect(sent()).toHaveLength(2);
  });
});

test('a withdrawn incident of a history is told as resolved', async () => {
  const { world, run, sent } = await begin();
  world.put(sampleIncident('i', world.now));
  await run(10);
  world.incidents.delete('i');
  await run(700);
  expect(sent()).toEqual(['hook firing i', 'hook resolved i']);
  await run(1_300);
  expect(sent()).toHaveLength(2);
});

test('an incident that lasts ten days with a repeat a day is told ten times', async () => {
  const { world, run, sent } = await begin({ routes: [{ receivers: ['hook'], repeat_seconds: 86_400 }] });
  const lasting = sampleIncident('lasting', world.now);
  world.put(lasting);
  for (let day = 0; day < 10; day++) {
    world.put(lasting);
    await run(86_400);
  }
  expect(sent().filter((line) => line === 'hook firing lasting')).toHaveLength(10);
});
