import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createFeed, type FeedMessage } from './event-feed.js';

/** The part of a browser's EventSource that the feed uses. */
class Source {
  readyState = 0;
  onopen = () => undefined;
  onerror = () => undefined;
  listeners = new Map<string, (event: { data: string }) => void>();
  addEventListener(name: string, listener: (event: { data: string }) => void): void {
    this.listeners.set(name, listener);
  }
  close(): void {
    this.readyState = 2;
  }
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function follow() {
  const told: FeedMessage[] = [];
  const sources: Source[] = [];
  const feed = createFeed(
    (message) => told.push(message),
    () => {
      const source = new Source();
      sources.push(source);
      return source as unknown as EventSource;
    },
  );
  feed.start();
  const last = (): Source => {
    const source = sources.at(-1);
    if (source === undefined) throw new Error('nothing was opened');
    return source;
  };
  return { feed, told, sources, last };
}

const open = { kind: 'stream', isOpen: true };
const shut = { kind: 'stream', isOpen: false };

test('events of the server are passed on', () => {
  const { told, last } = follow();
  last().onopen();
  last().listeners.get('data')?.({ data: '{"newest":null}' });
  expect(told).toEqual([open, { kind: 'event', name: 'data', data: { newest: null } }]);
});

test('a connection that falls silent without an error is noticed and opened again', () => {
  const { told, sources, last } = follow();
  last().onopen();
  vi.advanceTimersByTime(39_000);
  last().listeners.get('here')?.({ data: '{}' });
  vi.advanceTimersByTime(39_000);
  expect(sources).toHaveLength(1);
  vi.advanceTimersByTime(1_000);
  expect([sources.length, sources[0]?.readyState, told.at(-1)]).toEqual([2, 2, shut]);
  last().onopen();
  expect(told.at(-1)).toEqual(open);
});

test('a refused stream is opened again, because browsers give it up', () => {
  const { told, sources, last } = follow();
  last().readyState = 2;
  last().onerror();
  expect(told).toEqual([shut]);
  vi.advanceTimersByTime(10_000);
  expect(sources).toHaveLength(2);
});

test('a broken connection is left to the browser, which opens it again', () => {
  const { sources, told, last } = follow();
  last().onopen();
  last().onerror();
  vi.advanceTimersByTime(20_000);
  last().onopen();
  expect([sources.length, told.at(-1)]).toEqual([1, open]);
});

test('after `stop` no stream is opened', () => {
  const { feed, sources } = follow();
  feed.stop();
  vi.advanceTimersByTime(120_000);
  expect([sources.length, sources[0]?.readyState]).toEqual([1, 2]);
});
