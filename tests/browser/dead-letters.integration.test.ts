import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { explain } from '../../analyzers/explain.ts';
import { timelineOf } from '../../analyzers/timeline.ts';
import { letterReplay } from '../../cli/input/letter-replay.ts';
import { type Console, startConsole } from '../../dashboards/console/server.ts';
import { defaultRetention, toRetention } from '../../domain/retention.ts';
import { settingsSchema } from '../../domain/settings.ts';
import type { Store } from '../../store/store.ts';
import { tsvRow } from '../../store/tsv.ts';
import { deadColumns } from '../../store/write-batch.ts';
import { launchBrowser } from './launch.ts';
import { openSeededStore } from './seeded-store.ts';

// The page counts dead letters that the present settings can read, once.

const NOW = Date.now();
const PRESENT = Math.floor(NOW / 86_400_000) * 86_400_000 - 6 * 3_600_000;
const settings = settingsSchema.parse({
  format: 'mapped',
  mapping: { ts: '$.when', status: '$.code', client: '$.who' },
});

let browser: Browser;
let seeded: Awaited<ReturnType<typeof openSeededStore>>;
let store: Store;
const consoles: Console[] = [];

beforeAll(async () => {
  browser = await launchBrowser();
  seeded = await openSeededStore(PRESENT);
  ({ store } = seeded);
  const letter = (code: number): string => JSON.stringify({ when: NOW - 60_000, code, who: 'late' });
  const bodies = [...Array.from({ length: 1_203 }, (_, i) => letter(i % 2 === 0 ? 200 : 500)), 'no json', ''];
  const rows = bodies.map((body, offset) =>
    tsvRow([
      'llm',
      3,
      offset,
      0,
      'schema',
      'ts: missing',
      body,
      body === '' ? 2_000_000 : Buffer.byteLength(body),
    ]),
  );
  const body = Buffer.from(rows.join(''));
  await store.insert({ table: 'dead_letters', columns: deadColumns, body, token: 'letters' });
});

afterAll(async () => {
  await browser.close();
  for (const one of consoles) await one.close();
  await seeded.close();
});

async function open(address: string, tokens: { token?: string; readToken?: string } = {}): Promise<Page> {
  const running = await startConsole({
    store,
    host: '127.0.0.1',
    port: 0,
    token: '',
    ...tokens,
    now: () => PRESENT,
    dashboards: [],
    retention: toRetention(defaultRetention),
    explain,
    timeline: timelineOf,
    replayLetters: letterReplay(store, { settings, now: () => Date.now() }),
  });
  consoles.push(running);
  const page = await (await browser.newContext({ locale: 'en-US', timezoneId: 'UTC' })).newPage();
  await page.goto(`${running.url}${address}`);
  return page;
}

async function countedOf(client: string): Promise<number> {
  const [row] = await store.query<{ n: number }>(
    'SELECT sum(requests) AS n FROM request_counts WHERE client = {client:String}',
    { client },
  );
  return row?.n ?? 0;
}

test('a reader whose token only allows reading is not offered to count dead letters', async () => {
  const page = await open('/pipeline', { token: 'acts', readToken: 'reads' });
  await page.getByLabel('Token').fill('reads');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/pipeline');
  await page.getByText('You are logged in for reading only.').waitFor();
  expect(await page.getByRole('button', { name: /what can be read now/ }).count()).toBe(0);
});

test('the keyboard shows what can be read, then counts it; a second time counts nothing', async () => {
  const page = await open('/pipeline');
  const look = page.getByRole('button', { name: 'See what can be read now' });
  const count = page.getByRole('button', { name: 'Count what can be read now' });
  const said = page.locator('.replay-said');
  await look.focus();
  await page.keyboard.press('Enter');
  const rest = '1 dead letter cannot be read (not json 1). Of 1 dead letter the whole text is not stored.';
  await expect
    .poll(() => said.innerText(), { timeout: 20_000 })
    .toBe(`1,203 requests can be counted. ${rest}`);
  expect(await countedOf('late')).toBe(0);
  // A refresh of the page may take the focus between the two steps, so both are repeated.
  await expect
    .poll(async () => {
      await look.focus();
      await page.keyboard.press('Tab');
      return count.evaluate((one) => one === document.activeElement);
    })
    .toBe(true);
  await page.keyboard.press('Enter');
  await expect.poll(() => said.innerText(), { timeout: 30_000 }).toBe(`1,203 requests were counted. ${rest}`);
  expect(await countedOf('late')).toBe(1_203);
  await page.getByRole('cell', { name: 'counted', exact: true }).first().waitFor();
  // Two more presses at once count nothing, because every readable letter is counted already.
  await Promise.all([count.press('Enter'), count.press('Enter')]);
  await expect.poll(() => said.innerText(), { timeout: 20_000 }).toBe(`0 requests were counted. ${rest}`);
  expect(await countedOf('late')).toBe(1_203);
});

test('a record whose text is not stored leads to its original', async () => {
  const page = await open('/pipeline');
  const button = page.getByRole('button', {
    name: 'Copy the command that shows the original of offset 1204',
  });
  expect(await button.getAttribute('title')).toBe(
    'kafka-console-consumer.sh --bootstrap-server localhost:9092 --topic llm --partition 3 --offset 1204 --max-messages 1 | faultline try',
  );
});
