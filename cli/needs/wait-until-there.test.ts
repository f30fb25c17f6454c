import { describe, expect, it } from 'vitest';
import { KafkaError } from '../../ingest/sources/kafka-error.ts';
import { StoreError, toStoreError } from '../../store/error.ts';
import { backoffMs, isAway } from './away.ts';
import { UserError } from '../errors.ts';
import {
  type Missing,
  type Needed,
  openBoth,
  openNow,
  openWhenThere,
  type Waiting,
} from './wait-until-there.ts';

const gone = (): StoreError =>
  new StoreError('unreachable', 'ClickHouse at ch does not answer (ECONNREFUSED)');

/** A `Waiting` whose clock advances only while it sleeps. */
function onClock(
  waitMs: number,
): Waiting & { said: string[]; missing: string[][]; at: () => number; stop: AbortController } {
  let at = 0;
  const said: string[] = [];
  const missing: string[][] = [];
  const stop = new AbortController();
  const sleepers: { due: number; wake: () => void }[] = [];
  // When all sleepers wait, the one that is due first advances the clock.
  const step = (): void => {
    const next = sleepers.toSorted((a, b) => a.due - b.due)[0];
    if (next === undefined) return;
    sleepers.splice(sleepers.indexOf(next), 1);
    at = Math.max(at, next.due);
    next.wake();
  };
  return {
    waitMs,
    signal: stop.signal,
    monotonic: () => at,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const sleeper = { due: at + ms, wake: resolve };
        sleepers.push(sleeper);
        signal.addEventListener('abort', () => {
          if (sleepers.includes(sleeper)) sleepers.splice(sleepers.indexOf(sleeper), 1);
          reject(signal.reason);
        });
        setImmediate(step);
        return undefined;
      }),
    chance: () => 1,
    say: (line) => said.push(line),
    onMissing: (parts: readonly Missing[]) => missing.push(parts.map(({ what }) => what)),
    said,
    missing,
    at: () => at,
    stop,
  };
}

/** Something that can be opened from this time on. */
function from(time: number, clock: { at: () => number }, what = 'ClickHouse', error: () => Error = gone) {
  const closed: string[] = [];
  const needed: Needed<string> = {
    what,
    address: 'ch',
    // Answers asynchronously like a socket, so that the deadline does not come first.
    open: async () => {
      await Promise.resolve();
      if (clock.at() < time) throw error();
      return what;
    },
    close: async (opened) => closed.push(opened),
  };
  return { needed, closed };
}

describe('whether waiting helps after', () => {
  const cases: [string, Error, boolean][] = [
    ['nobody listens', toStoreError(Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), 'ch'), true],
    [
      'an unknown host, which DNS may learn',
      toStoreError(Object.assign(new Error('x'), { code: 'ENOTFOUND' }), 'ch'),
      true,
    ],
    ['a statement that timed out', toStoreError(new Error('Timeout error.'), 'ch'), true],
    ['a server that is short of memory', toStoreError(new Error('Code: 241. DB::Exception: x'), 'ch'), true],
    [
      'a user who may only read',
      toStoreError(new Error('Code: 164. DB::Exception: Cannot execute query in readonly mode'), 'ch'),
      false,
    ],
    ['a wrong password', toStoreError(new Error('Code: 516. DB::Exception: x'), 'ch'), false],
    ['an unknown setting', toStoreError(new Error('Code: 115. DB::Exception: x'), 'ch'), false],
    [
      'a certificate that nobody has signed',
      toStoreError(
        Object.assign(new Error('self-signed certificate'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
        'ch',
      ),
      false,
    ],
    [
      'TLS spoken to a plain port',
      toStoreError(Object.assign(new Error('wrong version number'), { code: 'EPROTO' }), 'ch'),
      false,
    ],
    ['a locked data directory', new StoreError('locked', 'x'), false],
    ['an engine that is not installed', new StoreError('unavailable', 'x'), false],
    ['no broker', new KafkaError('unreachable', 'x'), true],
    ['a connection that is closed at once', new KafkaError('closed', 'x'), true],
    ['a broker that is being elected', new KafkaError('busy', 'x'), true],
    ['a topic that does not exist yet', new KafkaError('no_topic', 'x'), true],
    ['a refused login', new KafkaError('login_refused', 'x'), false],
    ['no secure connection', new KafkaError('tls_failed', 'x'), false],
    ['a bad setting', new KafkaError('bad_setting', 'x'), false],
    ['a missing file', new UserError('x', 1), false],
    ['a bug', new TypeError('x'), false],
  ];
  it.each(cases)('%s', (_name, error, waits) => {
    expect(isAway(error)).toBe(waits);
  });
});

describe('the pause between two tries', () => {
  it('doubles up to five seconds, and chance shortens it by up to half', () => {
    const most = Array.from({ length: 8 }, (_, tries) => backoffMs(tries, 1));
    expect(most).toEqual([250, 500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000]);
    expect(Array.from({ length: 8 }, (_, tries) => backoffMs(tries, 0))).toEqual(most.map((ms) => ms / 2));
    expect(backoffMs(10_000, 1)).toBe(5_000);
  });
});

describe('waiting', () => {
  it('opens what becomes available in time, and reports the start and the end of the wait', async () => {
    const clock = onClock(60_000);
    expect(await openWhenThere(from(3_000, clock).needed, clock)).toBe('ClickHouse');
    expect(clock.said).toEqual([
      'waiting for ClickHouse at ch, for at most 60 s: ClickHouse at ch does not answer (ECONNREFUSED)',
      'ClickHouse at ch is there after 3.8 s',
    ]);
    expect(clock.missing.at(0)).toEqual(['ClickHouse']);
    expect(clock.missing.at(-1)).toEqual([]);
  });

  it('says nothing when everything is available', async () => {
    const clock = onClock(60_000);
    await openWhenThere(from(0, clock).needed, clock);
    expect(clock.said).toEqual([]);
  });

  it('repeats itself at most every ten seconds', async () => {
    const clock = onClock(60_000);
    await openWhenThere(from(45_000, clock).needed, clock);
    const left = clock.said.map((line) => /^waiting .* at most (\d+) s/.exec(line)?.[1]).filter(Boolean);
    expect(left).toEqual(['60', '47', '37', '27', '17']);
  });

  it('gives up in one line that names everything that is missing', async () => {
    const clock = onClock(2_000);
    const kafka = from(
      9_999,
      clock,
      'Kafka',
      () => new KafkaError('unreachable', 'kafka.brokers: k:1 does not answer'),
    );
    const error = await openBoth(from(9_999, clock).needed, kafka.needed, clock).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({
      exitCode: 1,
      message:
        'ClickHouse at ch does not answer (ECONNREFUSED); kafka.brokers: k:1 does not answer; gave up after 2 s (--wait)',
    });
    expect(clock.at()).toBe(2_000);
  });

  it('reports a try that does not end', async () => {
    const clock = onClock(25_000);
    const silent = { ...from(0, clock).needed, open: () => new Promise<string>(() => undefined) };
    await expect(openWhenThere(silent, clock)).rejects.toMatchObject({ exitCode: 1 });
    expect(clock.said).toEqual([
      'waiting for ClickHouse at ch, for at most 15 s: ClickHouse at ch does not answer',
      'waiting for ClickHouse at ch, for at most 5 s: ClickHouse at ch does not answer',
    ]);
  });

  it('gives up a try that never ends, and closes whatever it opens later', async () => {
    const clock = onClock(2_000);
    const opening = Promise.withResolvers<string>();
    const closed = Promise.withResolvers<string>();
    const silent: Needed<string> = {
      what: 'ClickHouse',
      address: 'ch',
      open: () => opening.promise,
      close: async (opened) => closed.resolve(opened),
    };
    await expect(openWhenThere(silent, clock)).rejects.toMatchObject({
      message: 'ClickHouse at ch does not answer; gave up after 2 s (--wait)',
    });
    opening.resolve('too late');
    expect(await closed.promise).toBe('too late');
  });

  it('tries once with a wait of 0, and passes on the error', async () => {
    const clock = onClock(0);
    const error = gone();
    await expect(openWhenThere(from(1, clock, 'ClickHouse', () => error).needed, clock)).rejects.toBe(error);
    expect([clock.said, clock.missing, clock.at()]).toEqual([[], [], 0]);
  });

  it('ends at once with a permanent error, and closes the other thing if it is open', async () => {
    const clock = onClock(60_000);
    const there = from(0, clock, 'Kafka');
    const refused = new StoreError('refused', 'wrong password');
    const store = from(1_000, clock, 'ClickHouse', () => (clock.at() > 500 ? refused : gone()));
    await expect(openBoth(store.needed, there.needed, clock)).rejects.toBe(refused);
    expect(there.closed).toEqual(['Kafka']);
    expect(clock.at()).toBeLessThan(1_000);
  });

  it('ends with a permanent error that is found after a failed try', async () => {
    const clock = onClock(60_000);
    const reason = new UserError('it speaks TLS only', 1);
    const needed = { ...from(9_999, clock).needed, findPermanentError: async () => reason };
    await expect(openWhenThere(needed, clock)).rejects.toBe(reason);
  });

  it('ends with the signal, in a pause and in a try', async () => {
    const paused = onClock(60_000);
    const first = { ...paused, say: () => paused.stop.abort() };
    await expect(openWhenThere(from(9_999, paused).needed, first)).rejects.toMatchObject({
      name: 'AbortError',
    });
    const trying = onClock(60_000);
    const needed: Needed<string> = {
      what: 'Kafka',
      address: 'k',
      open: () => {
        setImmediate(() => trying.stop.abort());
        return new Promise(() => undefined);
      },
      close: async () => undefined,
    };
    await expect(openWhenThere(needed, trying)).rejects.toMatchObject({ name: 'AbortError' });
    expect(trying.at()).toBe(0);
  });

  it('does not wait for things that cannot become available later', async () => {
    const clock = onClock(60_000);
    const error = new StoreError('busy', 'the disk is full');
    const own = { ...from(9_999, clock, 'ClickHouse', () => error).needed, waits: false };
    await expect(openNow(own)).rejects.toBe(error);
    await expect(openWhenThere(own, clock)).rejects.toBe(error);
    expect(clock.missing).toEqual([]);
  });

  it('does not open again what was opened before the wait', async () => {
    const clock = onClock(60_000);
    let opened = 0;
    const own: Needed<number> = {
      what: 'ClickHouse',
      address: 'this process',
      waits: false,
      open: async () => ++opened,
      close: async () => undefined,
    };
    expect(await openBoth(await openNow(own), from(3_000, clock, 'Kafka').needed, clock)).toEqual([
      1,
      'Kafka',
    ]);
    expect(opened).toBe(1);
  });
});
