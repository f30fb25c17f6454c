import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { until } from '../../../tests/fixtures/until.ts';
import type { Store } from '../../../store/store.ts';
import { changesOf, createEventHub, type LastAnswer } from './event-hub.ts';
import type { StatusAnswer } from './status.ts';

const known = (more: Partial<LastAnswer> = {}): LastAnswer => ({
  asked: 0,
  newest: 1_772_366_400,
  status: null,
  marks: '[]',
  incidents: new Map(),
  ...more,
});
const status = (records: number, clock = '2026-03-01T12:00:00.000Z'): StatusAnswer => ({
  live: {
    source: 'demo',
    state: 'running',
    detail: '',
    records,
    failures: 0,
    records_per_second: 1,
    progress: null,
    watermark: null,
  },
  present: clock,
  clock,
  oldest: null,
  data_directory: null,
  newest: null,
});
const shown = {
  id: 'a',
  kind: 'slow_down_surge',
  state: 'firing',
  severity: 'critical',
  scope: {},
  summary: 's',
} as const;

test.each([
  ['the first answer: the age of the data', null, known({ marks: 'x' }), ['data']],
  [
    'the first answer: also the incidents of the last minute',
    null,
    known({ incidents: new Map([['a', { version: 1, shown }]]) }),
    ['data', 'incident'],
  ],
  ['nothing changed', known(), known(), []],
  ['newer data', known(), known({ newest: 1_772_366_410 }), ['data']],
  ['more records were read', known({ status: status(1) }), known({ status: status(2) }), ['status']],
  [
    'only the clock went on',
    known({ status: status(1) }),
    known({ status: status(1, '2026-03-01T12:00:02.000Z') }),
    [],
  ],
  ['the status after trouble', known(), known({ status: status(1) }), ['status']],
  ['somebody acknowledged', known(), known({ marks: '[1]' }), ['attention']],
  ['a new incident', known(), known({ incidents: new Map([['a', { version: 1, shown }]]) }), ['incident']],
  [
    'the same version once more',
    known({ incidents: new Map([['a', { version: 1, shown }]]) }),
    known({ incidents: new Map([['a', { version: 1, shown }]]) }),
    [],
  ],
  [
    'an incident that changed',
    known({ incidents: new Map([['a', { version: 1, shown }]]) }),
    known({ incidents: new Map([['a', { version: 2, shown }]]) }),
    ['incident'],
  ],
])('which events are sent: %s', (_name, before, now, names) => {
  expect(changesOf(before, now).map(([name]) => name)).toEqual(names);
});

function hub(query: () => unknown[], limits: Parameters<typeof createEventHub>[0]['limits'] = {}) {
  let questions = 0;
  let now = 0;
  const store = {
    query: async () => {
      questions += 1;
      return query();
    },
  } as unknown as Store;
  const own = createEventHub({
    store,
    status: async () => status(1),
    now: () => now,
    limits: { pollMs: 5, ...limits },
  });
  return { own, questions: () => questions, pass: (ms: number) => (now += ms) };
}

function textOf(stream: PassThrough | null): () => string {
  let text = '';
  stream?.on('data', (piece: Buffer) => {
    text += piece.toString();
  });
  return () => text;
}

test('the number of listeners is limited; one that leaves makes room for another', async () => {
  const { own } = hub(() => [], { most: 2 });
  const first = own.listen();
  expect([first, own.listen()]).not.toContain(null);
  expect(own.listen()).toBeNull();
  first?.destroy();
  await until('there is room', () => own.listen() !== null);
  own.close();
});

test('the store is not queried while nobody listens', async () => {
  const { own, questions } = hub(() => []);
  const stream = own.listen();
  await until('the store is asked', () => questions() > 3);
  stream?.destroy();
  let before = -1;
  // Waits until two checks in a row find the same number of queries. Then no query is running.
  await until('the questions end', async () => {
    const same = questions() === before;
    before = questions();
    return same;
  });
  own.close();
});

test('heartbeats are sent, errors are reported, and an old connection ends', async () => {
  const { own, pass } = hub(
    () => {
      throw new Error('ClickHouse at h does not answer\nmore');
    },
    { heartbeatMs: 15_000, longestMs: 60_000 },
  );
  const stream = own.listen();
  const text = textOf(stream);
  await until('trouble', () =>
    text().includes('event: trouble\ndata: {"detail":"ClickHouse at h does not answer"}'),
  );
  pass(15_000);
  await until('a heartbeat', () =>
    text().includes('event: here\ndata: {"clock":"1970-01-01T00:00:15.000Z"}'),
  );
  pass(60_000);
  await until('the end', () => stream?.readableEnded === true);
  own.close();
});

test('a listener that does not read is disconnected', async () => {
  const detail = 'x'.repeat(64 * 1024);
  const { own } = hub(() => {
    throw new Error(detail);
  });
  const stream = own.listen();
  await until('it is destroyed', () => stream?.destroyed === true);
  own.close();
});

test('closing the hub ends its streams', async () => {
  const { own } = hub(() => []);
  const streams = [own.listen(), own.listen()];
  own.close();
  expect(streams.map((stream) => stream?.destroyed)).toEqual([true, true]);
});

test('heartbeats go on while the store does not answer', async () => {
  const store = { query: () => new Promise(() => undefined) } as unknown as Store;
  let now = 0;
  const own = createEventHub({
    store,
    status: async () => status(1),
    now: () => now,
    limits: { pollMs: 5, heartbeatMs: 15_000 },
  });
  const text = textOf(own.listen());
  now = 15_000;
  await until('a heartbeat', () => text().includes('event: here'));
  own.close();
});

test('when the store answers again a status event says so, even if nothing has changed', async () => {
  let isDown = true;
  const { own } = hub(() => {
    if (isDown) throw new Error('down');
    return [];
  });
  const text = textOf(own.listen());
  await until('trouble', () => text().includes('event: trouble'));
  isDown = false;
  await until('the status', () => /event: trouble[^]*event: status/.test(text()));
  own.close();
});
