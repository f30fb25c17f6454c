import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { explain } from '../../analyzers/explain.ts';
import { timelineOf } from '../../analyzers/timeline.ts';
import { type Console, startConsole } from '../../dashboards/console/server.ts';
import { overview } from '../../dashboards/panels/overview-page.ts';
import type { Incident } from '../../domain/incident.ts';
import { defaultRetention, toRetention } from '../../domain/retention.ts';
import { until } from '../fixtures/until.ts';
import { launchBrowser } from './launch.ts';
import { type Proxy, startProxy } from './proxy.ts';
import { insertIncidents } from './seed.ts';
import { openSeededStore } from './seeded-store.ts';

// Yesterday at 18:00: recent enough that no table drops the day.
const PRESENT = Math.floor(Date.now() / 86_400_000) * 86_400_000 - 6 * 3_600_000;
/**
 * A change must show within nine seconds. Only an event can bring it so soon: without events, a page asks every ten
 * seconds, or every 30 if it listens.
 */
const SECONDS = { timeout: 9_000 };
const POLLED = { timeout: 25_000 };

let browser: Browser;
let context: BrowserContext;
let seeded: Awaited<ReturnType<typeof openSeededStore>>;
let running: Console;
let proxy: Proxy;
let version = PRESENT;

beforeAll(async () => {
  browser = await launchBrowser();
  seeded = await openSeededStore(PRESENT);
  running = await startConsole({
    store: seeded.store,
    host: '127.0.0.1',
    port: 0,
    token: '',
    now: () => Date.now(),
    dashboards: [overview],
    retention: toRetention(defaultRetention),
    explain,
    timeline: timelineOf,
    live: () => ({
      source: 'demo',
      state: 'running',
      detail: '',
      records: 1,
      failures: 0,
      records_per_second: 1,
      progress: null,
      watermark: PRESENT,
      present: PRESENT,
    }),
  });
});
afterAll(async () => {
  await browser.close();
  await running.close();
  await seeded.close();
});

beforeEach(async () => {
  proxy = await startProxy(running.url);
  context = await browser.newContext({ viewport: { width: 1_440, height: 900 }, locale: 'en-US' });
});
afterEach(async () => {
  await context.close();
  await proxy.close();
});

/** Opens a page and waits until it has its numbers and listens. */
async function open(address = '/'): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${proxy.url}${address}`);
  await page.getByRole('link', { name: 'Slow Down surge' }).first().waitFor();
  await expect.poll(() => page.locator('#fresh').textContent(), POLLED).toBe('Live');
  return page;
}

/** Writes a new version of one incident of this kind, as an analyzer does. */
async function write(kind: Incident['kind'], state: Incident['state']): Promise<void> {
  const [surge] = seeded.day.incidents;
  if (surge === undefined) throw new Error('the day has no incident');
  version += 1;
  const resolved = state === 'resolved' ? surge.detected_at : null;
  const one = { ...surge, id: `inc-${kind}`, kind, state, resolved_at: resolved, summary: 'It is refused.' };
  await insertIncidents(seeded.store, [one], version);
}

test('an open page shows an incident that begins and ends, seconds after the store has it', async () => {
  const page = await open();
  await page.evaluate(() => Object.assign(globalThis, { isSamePage: true }));
  // Waits until the requests that the page sent when it opened are over, because one of them could have shown the
  // change.
  await page.waitForTimeout(4_000);
  await write('region_blocked', 'firing');
  const card = page.getByRole('article', { name: 'Region blocked' });
  await card.waitFor(SECONDS);
  await write('region_blocked', 'resolved');
  await card.waitFor({ ...SECONDS, state: 'detached' });
  await page.locator('#resolved-list').getByText('Region blocked').waitFor();
  expect(await page.evaluate(() => 'isSamePage' in globalThis)).toBe(true);
});

test('the page of one incident and the list are as live as the overview', async () => {
  const list = await open('/incidents');
  await list.waitForTimeout(4_000);
  await write('auth_failure', 'firing');
  await list.locator('[data-key="inc-auth_failure"]').waitFor(SECONDS);
  const one = await context.newPage();
  await one.goto(`${proxy.url}/incidents/inc-auth_failure`);
  await one.getByRole('heading', { name: 'How it went' }).waitFor();
  await one.waitForTimeout(4_000);
  await write('auth_failure', 'resolved');
  await one.locator('.state.is-resolved').first().waitFor(SECONDS);
});

test('ten tabs share one stream, and each is live', async () => {
  const pages: Page[] = [];
  for (let n = 0; n < 10; n++) pages.push(await open('/incidents'));
  expect(proxy.streams()).toBe(1);
  await write('retry_storm', 'firing');
  for (const page of pages) await page.locator('[data-key="inc-retry_storm"]').waitFor(POLLED);
  await write('retry_storm', 'resolved');
  for (const page of pages.slice(0, 9)) await page.close();
  expect(proxy.streams()).toBe(1);
  await pages[9]?.close();
  await until('nobody listens any more', () => proxy.streams() === 0, 20_000);
});

test('a hidden or paused tab does not listen', async () => {
  const page = await open();
  await page.getByRole('button', { name: 'Pause' }).click();
  await until('the stream is closed', () => proxy.streams() === 0, 20_000);
  expect(await page.locator('#fresh').textContent()).toBe('Paused');
  await page.getByRole('button', { name: 'Paused' }).click();
  await until('the stream is open again', () => proxy.streams() === 1, 20_000);
  await page.evaluate(() => {
    Object.defineProperty(document, 'hidden', { value: true, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await until('the stream is closed', () => proxy.streams() === 0, 20_000);
});

test('the page notices a broken stream, asks by itself, and is live again when the stream is back', async () => {
  const page = await open();
  proxy.refuseStreams(true);
  const fresh = page.locator('#fresh');
  await expect.poll(() => fresh.textContent(), POLLED).toBe('Not live: asked every 10 s');
  await write('error_surge', 'firing');
  const card = page.locator('#incidents-open [data-key="inc-error_surge"]');
  await card.waitFor(POLLED);
  proxy.refuseStreams(false);
  await expect.poll(() => fresh.textContent(), POLLED).toBe('Live');
  await page.waitForTimeout(4_000);
  await write('error_surge', 'resolved');
  await card.waitFor({ ...SECONDS, state: 'detached' });
});
