import { expect, test } from 'vitest';
import { createPacer, waitBetween } from './pacer.js';

test.each([
  ['nothing happened, and a stream would tell', { rest: 2_000, isLive: true, happened: 'nothing' }, 30_000],
  ['nothing is known to have happened', { rest: 2_000, isLive: false, happened: 'nothing' }, 10_000],
  ['something happened', { rest: 2_000, isLive: true, happened: 'change' }, 2_000],
  ['an expensive page rests longer', { rest: 10_000, isLive: true, happened: 'change' }, 10_000],
  ['an incident opened', { rest: 10_000, isLive: true, happened: 'news' }, 0],
] as const)('%s: with %j the wait between two rounds is %d ms', (_name, state, ms) => {
  expect(waitBetween(state)).toBe(ms);
});

/** Whether a promise has resolved by now. */
async function isDone(promise: Promise<void>): Promise<boolean> {
  const none = Symbol('none');
  return (await Promise.race([promise, Promise.resolve(none)])) !== none;
}

test('a round answers what happened before it began; what happens during a round causes another one', async () => {
  const pacer = createPacer({ mayRun: () => true, now: () => 0 });
  const { signal } = new AbortController();
  pacer.note('news');
  pacer.begin();
  const waiting = pacer.next(2_000, signal);
  expect(await isDone(waiting)).toBe(false);
  pacer.note('news');
  await waiting;
  pacer.begin();
  pacer.note('news');
  await pacer.next(2_000, signal);
});

test('while the page is hidden no round runs; when it is visible again a round runs at once', async () => {
  let isSeen = false;
  const pacer = createPacer({ mayRun: () => isSeen, now: () => 0 });
  const { signal } = new AbortController();
  const waiting = pacer.next(2_000, signal);
  pacer.note('news');
  expect(await isDone(waiting)).toBe(false);
  isSeen = true;
  pacer.look();
  await waiting;
});

test('a change of the view starts a round even while the page is paused', async () => {
  const pacer = createPacer({ mayRun: () => false, now: () => 0 });
  const controller = new AbortController();
  const waiting = pacer.next(2_000, controller.signal);
  controller.abort();
  await waiting;
});
