import { describe, expect, it } from 'vitest';
import type { Store } from '../store/store.ts';
import type { BatchLimits } from './batcher.ts';
import { CommitError, RawRecord, type Sink, type Source } from './sources/source.ts';
import type { PartitionId } from './partition-id.ts';
import { createRecordReader } from './read-record.ts';
import { createWorker, type Worker } from './worker.ts';
import { silentEvents } from './worker-events.ts';
import { noRows } from '../store/native-answer.ts';

const line = Buffer.from('{"ts":1795392000000,"status":200}');
const NOW = 1_795_392_000_000;

const small: BatchLimits = { rows: 1, bytes: 1e9, age_ms: 10, quiet_age_ms: 10 };

/** The real worker with a source and a store in memory; time advances while it sleeps. */
function world(own: Partial<Source> = {}, limits: BatchLimits = small) {
  let clock = 0;
  const sleeping = new Set<number>();
  let sink: Sink | null = null;
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const tables: string[] = [];
  const commits: { at: number; offset: number; metadata: string }[] = [];
  const asked: string[] = [];
  const store: Store = {
    kind: 'server',
    database: 'd',
    cluster: '',
    where: 'here',
    query: async () => [],
    columns: async () => noRows,
    command: async () => undefined,
    insert: async ({ table, token }) => void tables.push(`${table} ${token}`),
    close: async () => undefined,
  };
  const source: Source = {
    run: (given) => {
      sink = given;
      return ended;
    },
    seek: ({ topic }, offset) => void asked.push(`seek ${topic} ${offset}`),
    pause: ({ topic }) => void asked.push(`pause ${topic}`),
    resume: ({ topic }) => void asked.push(`resume ${topic}`),
    commit: async (_epoch, _id, offset, metadata) => void commits.push({ at: clock, offset, metadata }),
    committed: async (ids) => ids.map(() => ({ offset: -1, metadata: null })),
    logOffsets: async (ids) => ids.map(() => ({ earliest: 0, latest: 1_000 })),
    topicId: () => '',
    stop: async () => end(),
    ...own,
  };
  const worker: Worker = createWorker({
    store,
    source,
    events: silentEvents,
    onRefused: 'halt',
    reader: createRecordReader({ format: 'auto', mapping: {} }),
    limits,
    memoryBytes: 1e9,
    writers: 4,
    worker: 'w',
    mostNames: 10_000,
    announcementMs: 15_000,
    monotonic: () => clock,
    now: () => NOW,
    sleep: async (ms) => {
      sleeping.add(ms);
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
      clock += Math.min(ms, 50);
      sleeping.delete(ms);
    },
    chance: () => 0.5,
    reached: () => undefined,
  });
  const chunk = (id: PartitionId, from: number, records = 1): void =>
    sink?.chunk(1, {
      ...id,
      from,
      to: from + records,
      records: Array.from({ length: records }, (_item, i) => new RawRecord(from + i, line)),
      highWatermark: null,
    });
  return {
    worker,
    commits,
    tables,
    asked,
    sleeping,
    chunk,
    end,
    assign: (ids: readonly PartitionId[]) => sink?.assigned(1, ids),
    /** Advances the simulated time by `ms`. */
    async pass(ms: number): Promise<void> {
      for (const until = clock + ms; clock < until; )
        await new Promise<void>((resolve) => {
          setImmediate(resolve);
        });
    },
  };
}

const a: PartitionId = { topic: 'a', partition: 0 };
const b: PartitionId = { topic: 'b', partition: 0 };

describe('a worker that the group refuses', () => {
  it('tries at most twice a second for all its partitions, until the group accepts it again', async () => {
    let refuses = true;
    const tries: number[] = [];
    const { worker, assign, chunk, pass, tables, end } = world({
      commit: async () => {
        tries.push(now());
        if (refuses) throw new CommitError('fenced', 'UNKNOWN_MEMBER_ID');
      },
    });
    let passed = 0;
    const now = (): number => passed;
    const running = worker.run();
    assign([a, b]);
    await pass(100);
    chunk(a, 0);
    chunk(b, 0);
    for (; passed < 10_000; passed += 100) await pass(100);
    // Two were already sent before the first answer.
    expect(tries.length).toBeGreaterThan(10);
    for (const at of tries.slice(2))
      expect(tries.slice(2).filter((other) => other >= at && other < at + 1_000).length).toBeLessThanOrEqual(
        2,
      );
    expect(tables).toEqual([]);
    refuses = false;
    await pass(2_000);
    expect(tables.filter((entry) => entry.startsWith('ingest_batches')).sort()).toEqual([
      'ingest_batches a:0:0-1',
      'ingest_batches b:0:0-1',
    ]);
    end();
    await running;
  });
});

describe('a topic that no longer exists', () => {
  it('takes no writer from the others, and its records are stored when it exists again', async () => {
    let isGone = true;
    let tries = 0;
    const { worker, assign, chunk, pass, tables, end } = world({
      commit: async (_epoch, { topic }) => {
        if (topic !== 'a') return;
        tries++;
        if (isGone) throw new CommitError('no_topic', 'UNKNOWN_TOPIC_OR_PARTITION');
      },
    });
    const running = worker.run();
    // As many partitions as there are writers, and one more.
    const gone = [0, 1, 2, 3].map((partition) => ({ topic: 'a', partition }));
    assign([...gone, b]);
    await pass(100);
    for (const id of gone) chunk(id, 0);
    await pass(1_000);
    chunk(b, 0);
    await pass(1_000);
    expect(tables).toContain('ingest_batches b:0:0-1');
    await pass(20_000);
    // Each of them every ten seconds.
    expect(tries).toBeLessThanOrEqual(4 * 3);
    isGone = false;
    await pass(11_000);
    expect(tables).toContain('ingest_batches a:3:0-1');
    end();
    await running;
  });

  it('gets no acknowledgement', async () => {
    let tries = 0;
    const { worker, assign, chunk, pass, end } = world({
      commit: async (_epoch, _id, _offset, metadata) => {
        if (!metadata.endsWith('-')) return;
        tries++;
        throw new CommitError('no_topic', 'UNKNOWN_TOPIC_OR_PARTITION');
      },
    });
    const running = worker.run();
    assign([a]);
    await pass(100);
    chunk(a, 0);
    await pass(5_000);
    expect(tries).toBe(1);
    end();
    await running;
  });
});

describe('the end of a worker', () => {
  it('leaves no timer behind', async () => {
    const { worker, assign, chunk, pass, sleeping, end } = world();
    const running = worker.run();
    assign([a]);
    await pass(100);
    chunk(a, 0);
    end();
    await running;
    expect([...sleeping]).toEqual([]);
  });

  it('fails with the error of leaving the group', async () => {
    const { worker, assign, pass } = world({ stop: () => Promise.reject(new Error('disconnect failed')) });
    const running = worker.run();
    running.catch(() => undefined);
    assign([a]);
    await pass(100);
    await worker.stop(1_000);
    await expect(running).rejects.toThrow('disconnect failed');
  });

  it('comes at once after an error in its own loop', async () => {
    let broken = false;
    const limits = {
      bytes: 1e9,
      age_ms: 10,
      quiet_age_ms: 10,
      get rows(): number {
        if (broken) throw new Error('the loop is broken');
        return 100;
      },
    };
    const { worker, assign, chunk, pass } = world({}, limits);
    const running = worker.run();
    assign([a]);
    await pass(100);
    chunk(a, 0);
    broken = true;
    await expect(Promise.race([running, pass(1_000)])).rejects.toThrow('the loop is broken');
  });

  it('comes at once when a batch is stored and reading cannot continue', async () => {
    let broken = false;
    let answer: () => void = () => undefined;
    const { worker, assign, chunk, pass } = world({
      resume: () => {
        if (broken) throw new Error('the client is broken');
      },
      commit: () =>
        new Promise<void>((resolve) => {
          answer = resolve;
        }),
    });
    const running = worker.run();
    assign([a]);
    await pass(100);
    for (let offset = 0; offset < 3; offset++) chunk(a, offset);
    broken = true;
    await expect(Promise.race([running, untilDone(() => answer(), pass)])).rejects.toThrow(
      'the client is broken',
    );
  });
});

/** Calls `answer` repeatedly for a while. */
async function untilDone(answer: () => void, pass: (ms: number) => Promise<void>): Promise<void> {
  for (let i = 0; i < 50; i++) {
    answer();
    await pass(100);
  }
}

describe('an assignment that changes', () => {
  it('keeps held partitions, starts new ones, and gives up removed ones once they are written', async () => {
    const { worker, assign, chunk, pass, tables, asked, end } = world(
      {},
      { rows: 100, bytes: 1e9, age_ms: 1e9, quiet_age_ms: 1e9 },
    );
    const running = worker.run();
    assign([a]);
    await pass(100);
    chunk(a, 0, 5);
    assign([a, b]);
    await pass(100);
    chunk(b, 0, 3);
    chunk(a, 5, 5);
    expect(asked).toEqual(['seek a 0', 'resume a', 'seek b 0', 'resume b']);
    expect(tables).toEqual([]);
    assign([b]);
    await pass(2_000);
    expect(tables).toContain('ingest_batches a:0:0-10');
    expect(worker.status().partitions.map(({ topic }) => topic)).toEqual(['b']);
    end();
    await running;
    expect(tables).toContain('ingest_batches b:0:0-3');
  });
});
