import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { Batcher } from '../../ingest/batcher.ts';
import { RawRecord } from '../../ingest/sources/source.ts';
import { StoreError } from '../../store/error.ts';
import { kafkaLog, logEvents } from './log-events.ts';

interface Line {
  level: number;
  msg: string;
  [field: string]: unknown;
}

/** Collects the lines that a real logger of this level writes. */
function listen(level: string) {
  const lines: Line[] = [];
  const logger = pino({ level, base: null }, { write: (text: string) => void lines.push(JSON.parse(text)) });
  let clock = 0;
  return { lines, logger, monotonic: () => clock, wait: (ms: number) => void (clock += ms) };
}

const tooMany = (parts: number) => new StoreError('busy', `Too many parts (${parts})`, 252);
const silent = new StoreError('unreachable', 'ClickHouse at http://u:p@ch:8123 does not answer');
const id = { topic: 't', partition: 3 };

describe('the log of a worker at info', () => {
  it('reports the beginning and the end of an outage once each, however many tries fail in between', () => {
    const { lines, logger, monotonic, wait } = listen('info');
    const events = logEvents(logger, monotonic);
    for (let tries = 0; tries < 500; tries++) {
      events.storeFailed(`Too many parts (${tries})`, tooMany(tries));
      wait(100);
    }
    events.storeAnswered();
    events.storeAnswered();
    expect(lines.map(({ level, msg }) => [level, msg])).toEqual([
      [40, 'ClickHouse does not take inserts, trying again'],
      [30, 'ClickHouse answers again'],
    ]);
  });

  it('is quiet when successes and failures alternate', () => {
    const { lines, logger, monotonic, wait } = listen('info');
    const events = logEvents(logger, monotonic);
    for (let i = 0; i < 1_200; i++) {
      events.storeFailed('x', i % 4 === 0 ? silent : tooMany(i));
      if (i % 2 === 1) events.storeAnswered();
      wait(100);
    }
    // Two minutes with two kinds of trouble.
    expect(lines.length).toBeLessThanOrEqual(10);
    expect(lines.length).toBeGreaterThan(1);
  });

  it('reports a second outage that lasts, even when it begins right after the first', () => {
    const { lines, logger, monotonic, wait } = listen('info');
    const events = logEvents(logger, monotonic);
    events.storeFailed('x', tooMany(1));
    events.storeAnswered();
    for (let i = 0; i < 100; i++) {
      wait(1_000);
      events.storeFailed('x', tooMany(1));
    }
    expect(lines.map(({ level }) => level)).toEqual([40, 30, 40]);
  });

  it('reports once that a partition has stopped, and once that it continues', () => {
    const { lines, logger, monotonic } = listen('info');
    const events = logEvents(logger, monotonic);
    for (let i = 0; i < 20; i++) events.halted(id, 'no such column\n  at line 1');
    const batcher = new Batcher(id, 0, null, {
      readPlain: () => null,
      decode: () => ({ kind: 'skip', reason: 'tombstone' }),
      redact: () => '',
    });
    batcher.add({ ...id, from: 0, to: 1, records: [new RawRecord(0, null)], highWatermark: 1 }, 0, 0);
    batcher.close();
    const [batch] = batcher.closed;
    if (batch === undefined) throw new Error('no batch');
    for (let i = 0; i < 20; i++) events.written(id, batch, 1, 1);
    expect(lines.map(({ level, msg }) => [level, msg])).toEqual([
      [50, 'the store rejects this partition; nothing of it is stored, trying again'],
      [30, 'the store takes this partition again'],
    ]);
    expect(lines[0]?.['reason']).toBe('no such column at line 1');
  });

  it('contains no user and password of an address', () => {
    const { lines, logger, monotonic } = listen('debug');
    const events = logEvents(logger, monotonic);
    events.storeFailed(silent.message, silent);
    events.halted(id, silent.message);
    events.brokerFailed('kafka://u:p@k:9092 is gone');
    kafkaLog(logger, monotonic)('warn', 'cannot reach kafka://u:p@k:9092', {});
    expect(lines).toHaveLength(4);
    expect(JSON.stringify(lines)).not.toContain('u:p@');
  });
});

describe('the log lines of the Kafka client', () => {
  it('appear once a minute for each kind, with the number of lines that were left out', () => {
    const { lines, logger, monotonic, wait } = listen('info');
    const log = kafkaLog(logger, monotonic);
    for (let i = 0; i < 700; i++) {
      log('error', `[Connection] connect ECONNREFUSED 127.0.0.1:${9092 + (i % 3)}, retry ${i}`, {
        namespace: 'Connection',
      });
      wait(100);
    }
    expect(lines.map(({ level, part, repeated }) => [level, part, repeated])).toEqual([
      [40, 'kafka', undefined],
      [40, 'kafka', 599],
    ]);
  });

  it('are not shown at info when the client marks them as info', () => {
    const { lines, logger, monotonic } = listen('info');
    kafkaLog(logger, monotonic)('info', '[ConsumerGroup] Consumer has joined the group', {});
    expect(lines).toEqual([]);
  });

  it('are cut when they are very long', () => {
    const { lines, logger, monotonic } = listen('info');
    kafkaLog(logger, monotonic)('error', 'x'.repeat(100_000), {});
    expect(lines[0]?.msg).toHaveLength(500);
  });
});
