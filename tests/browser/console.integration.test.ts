import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer, type Server } from 'node:net';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { explain } from '../../analyzers/explain.ts';
import { timelineOf } from '../../analyzers/timeline.ts';
import type { LiveStatus } from '../../dashboards/console/live-status.ts';
import { defaultRetention, toRetention } from '../../domain/retention.ts';
import { settingsSchema } from '../../domain/settings.ts';
import { textTrial } from '../../cli/input/text-trial.ts';
import { type Console, startConsole } from '../../dashboards/console/server.ts';
import { overview } from '../../dashboards/panels/overview-page.ts';
import type { Store } from '../../store/store.ts';
import { launchBrowser } from './launch.ts';
import { insertIncidents, type SeededDay } from './seed.ts';
import { openSeededStore } from './seeded-store.ts';

// Yesterday at 18:00: recent enough that no table drops the day.
const PRESENT = Math.floor(Date.now() / 86_400_000) * 86_400_000 - 6 * 3_600_000;
const live: LiveStatus = {
  source: 'demo',
  state: 'running',
  detail: '',
  records: 1_142_310,
  failures: 61_002,
  records_per_second: 8_412,
  progress: 0.62,
  watermark: PRESENT,
  present: PRESENT,
};

/** The same parts that `cli/` passes to the console. */
const wired = { retention: toRetention(defaultRetention), explain, timeline: timelineOf };

let browser: Browser;
let seeded: Awaited<ReturnType<typeof openSeededStore>>;
let store: Store;
let day: SeededDay;
let running: Console;
let axe: string;
/** All errors and warnings that the page wrote to its console, and its exceptions. */
let complaints: string[] = [];

beforeAll(async () => {
  axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  browser = await launchBrowser();
  seeded = await openSeededStore(PRESENT);
  ({ store, day } = seeded);
  running = await start(store);
});

afterAll(async () => {
  await browser.close();
  await running.close();
  await seeded.close();
});

afterEach(async () => {
  for (const context of browser.contexts()) {
    // Ignores errors, because an answer that a test is just changing is disposed when its page closes.
    for (const page of context.pages()) await page.unrouteAll({ behavior: 'ignoreErrors' });
    await context.close();
  }
  complaints = [];
});

function start(from: Store, token = '', state: LiveStatus['state'] = 'running'): Promise<Console> {
  return startConsole({
    store: from,
    host: '127.0.0.1',
    port: 0,
    token,
    now: () => Date.now(),
    dashboards: [overview],
    ...wired,
    live: () => ({ ...live, state }),
    tryText: textTrial({ settings: settingsSchema.parse({}), now: () => Date.now() }),
  });
}

interface Look {
  colorScheme?: 'light' | 'dark';
  width?: number;
  url?: string;
}

async function open({ colorScheme = 'dark', width = 1_440, url = running.url }: Look = {}): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme,
    locale: 'en-US',
    timezoneId: 'UTC',
  });
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(url);
  return page;
}

/** Waits until a value is as expected: a refresh takes two seconds plus the time of the query. */
const soon = <Value>(value: () => Value) => expect.poll(value, { timeout: 15_000 });

const chartTitled = (page: Page, title: string) => page.getByRole('region', { name: title, exact: true });

test('the page shows failures by class over time with their sums, and writes nothing to its console', async () => {
  const page = await open();
  const panel = chartTitled(page, 'Failures by class per minute');
  await panel.locator('canvas').waitFor();
  for (const [title, name] of [
    ['Quota exceeded', 'quota_exceeded'],
    ['Slow Down', 'slow_down'],
    ['Server error', 'server_error'],
  ] as const) {
    const entry = panel.getByRole('button', { name: new RegExp(`^${title}`) });
    await soon(() => entry.textContent()).toContain(Number(day.failures[name]).toLocaleString('en'));
  }
  await expect
    .poll(() => chartTitled(page, 'Requests').textContent())
    .toContain(day.requests.toLocaleString('en'));
  await soon(() => page.locator('#live').textContent()).toContain('8,412per second');
  expect(complaints).toEqual([]);
});

test('an open incident shows who must act, what to do, until when to hold, and the plan', async () => {
  const page = await open();
  const card = page.getByRole('article', { name: 'Slow Down surge' });
  await card.waitFor();
  const text = (await card.innerText()).replaceAll(/\s+/g, ' ');
  expect(text).toContain('Firing Since 17:08 · 52 min OpenAI answers "Slow Down"');
  expect(text).toContain('provider openai org acme project search');
  expect(text).toContain('Whose fault Your traffic Only gpt-4.1 of project search');
  expect(text).toContain('Retry after waiting');
  expect(text).toContain('Return to 418 requests per minute now');
  expect(text).toContain('Hold the rate until 18:09 09:24 left');
  expect(await card.locator('.stairs li').allInnerTexts()).toHaveLength(4);
  expect(await page.title()).toBe('(2) faultline');
  expect(await page.getByText('Retry storm').first().isVisible()).toBe(true);
});

test('texts of logs are shown as text and never run', async () => {
  const page = await open();
  const message = page.getByText('<img src=x onerror="window.injected=true">');
  await message.waitFor();
  expect(await page.evaluate(() => 'injected' in globalThis)).toBe(false);
  expect(await page.locator('img[src="x"]').count()).toBe(0);
});

test('an incident that opens while the page is open is announced', async () => {
  const page = await open();
  await page.getByRole('article', { name: 'Quota exhausted' }).waitFor();
  expect(await page.locator('#announce').textContent()).toBe('');
  const [surge] = day.incidents;
  if (surge === undefined) throw new Error('the day has no incident');
  const opened = {
    ...surge,
    id: 'inc-new',
    kind: 'region_blocked' as const,
    summary: 'Key ab12 is refused.',
  };
  await insertIncidents(store, [opened], PRESENT + 1);
  await page.getByRole('article', { name: 'Region blocked' }).waitFor();
  expect(await page.locator('#announce').textContent()).toBe(
    'New incident: Region blocked. Key ab12 is refused.',
  );
  await insertIncidents(
    store,
    [{ ...opened, state: 'resolved', resolved_at: opened.detected_at }],
    PRESENT + 2,
  );
  await page.getByRole('article', { name: 'Region blocked' }).waitFor({ state: 'detached' });
});

test('the theme follows the system until the reader chooses, and the choice stays', async () => {
  const page = await open({ colorScheme: 'light' });
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  expect(await ground()).toBe('rgb(244, 245, 247)');
  await page.getByRole('button', { name: 'Dark theme' }).click();
  expect(await ground()).toBe('rgb(12, 15, 19)');
  await page.reload();
  expect(await ground()).toBe('rgb(12, 15, 19)');
  await page.getByRole('button', { name: 'Light theme' }).waitFor();
});

test('the keyboard reaches the incidents, the range, a series, and the classes', async () => {
  const page = await open();
  await page.getByRole('article', { name: 'Slow Down surge' }).waitFor();
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the content');
  await page.keyboard.press('Enter');
  await soon(() => page.evaluate(() => document.activeElement?.id)).toBe('main');
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Slow Down surge');
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe(
    'Note for the others',
  );
  for (const title of ['Acknowledge', 'Silence for 1 h', 'Silence for 1 day', 'All about it']) {
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(title);
  }
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('SUMMARY');
  await page.keyboard.press('Enter');
  await page.locator('#incidents-open').getByText('req_7f1c2a90').waitFor();

  await page.getByRole('button', { name: 'Last 6 hours' }).focus();
  await page.keyboard.press('Enter');
  await soon(() => page.url()).toContain('range=6h');
  expect(await page.getByRole('button', { name: 'Last 6 hours' }).getAttribute('aria-pressed')).toBe('true');
  expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe(
    'Last 6 hours: 6h',
  );

  const entry = chartTitled(page, 'Failures by class per minute').getByRole('button', {
    name: /^Quota exceeded/,
  });
  await entry.focus();
  await page.keyboard.press('Space');
  await soon(() => entry.getAttribute('aria-pressed')).toBe('false');

  await page.keyboard.press('Control+K');
  await page.keyboard.type('slow down');
  await page.getByRole('option', { name: /503 Slow Down/ }).waitFor();
  await page.keyboard.press('Enter');
  await soon(() => page.url()).toContain('/classes/slow_down');
  await page.getByRole('heading', { name: 'Slow Down slow_down' }).waitFor();
  await page.goBack();
  await page.getByRole('article', { name: 'Slow Down surge' }).waitFor();
  expect(complaints).toEqual([]);
});

test('a pasted record is read at once: format, class, remedy and fields, without its key', async () => {
  const page = await open();
  await page.getByRole('link', { name: 'Try a record' }).click();
  const dialog = page.getByRole('region', { name: 'Try a record' });
  const record = {
    ts: '2026-11-01T10:00:00Z',
    status: 429,
    api_key: 'sk-proj-abcdefghijklmnopqrstuvwx0123',
    error: 'You exceeded your current quota, please check your plan and billing details.',
  };
  await dialog.getByLabel('Records').fill(`${JSON.stringify(record)}\nno JSON at all`);
  await dialog.getByRole('button', { name: 'Read it' }).click();
  await dialog.getByText('quota_exceeded').waitFor();
  await dialog.getByRole('row', { name: /^status 429/ }).waitFor();
  await dialog.getByText(/a dead letter: not json/).waitFor();
  expect(await dialog.getByRole('list').first().innerText()).toContain('Add credit');
  expect(await dialog.locator('#try-result').innerText()).not.toContain(record.api_key);
  expect(complaints).toEqual([]);
});

test('every page has an address of its own, and the menu and Back lead through them', async () => {
  const page = await open();
  const pages = [
    ['Incidents', 'incidents'],
    ['Explore', 'explore'],
    ['What differs', 'differs'],
    ['Errors', 'errors'],
    ['Classes', 'classes'],
    ['Pipeline', 'pipeline'],
    ['Try a record', 'try'],
  ] as const;
  for (const [title, address] of pages) {
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: title }).click();
    await page.waitForURL(`**/${address}`);
    await page.locator('#page-title').waitFor();
    await soon(() => page.title()).toBe(`${title} · faultline`);
  }
  await page.goBack();
  await soon(() => page.locator('#page-title').textContent()).toBe('Pipeline');
  await page.goto(`${running.url}/classes/slow_down`);
  await soon(() => page.evaluate(() => document.activeElement?.id)).toBe('class-title-slow_down');
  expect(complaints).toEqual([]);
});

test('a resolved incident is still shown in full: its timeline, what differed, who acknowledged it', async () => {
  const page = await open();
  await page.getByRole('link', { name: 'Incidents', exact: true }).click();
  await page.getByLabel('State').selectOption('resolved');
  await page.getByRole('link', { name: 'Retry storm' }).first().click();
  await page.getByRole('heading', { name: 'How it went' }).waitFor();
  await page.getByRole('listitem').filter({ hasText: 'Began' }).waitFor();
  await page.getByRole('heading', { name: 'What differed when it began' }).waitFor();
  await page.getByRole('listitem').filter({ hasText: 'of the excess' }).first().waitFor();

  await page.goto(`${running.url}/incidents`);
  await page.getByRole('link', { name: 'Slow Down surge' }).click();
  await page
    .getByText(/^faultline why --kind slow_down_surge --where provider=openai .*--at \S+Z --data \S+$/)
    .waitFor();
  const samples = page.getByRole('region', { name: 'Samples' }).getByRole('row');
  expect(await samples.count()).toBe(3);
  expect(await samples.nth(1).innerText()).toMatch(
    /Slow Down[^]*503[^]*Return to your original rate[^]*req_7f1c2a90/,
  );
  await page.getByLabel('Note for the others').fill('Ana looks');
  await page.getByRole('button', { name: 'Acknowledge' }).click();
  await page.getByText('by the console: Ana looks').first().waitFor();
  await page.getByRole('button', { name: 'Take the acknowledgement back' }).click();
  await page.getByText('Nobody has acknowledged it, and no silence is in force.').waitFor();

  const ends = page.getByText(/^Silenced by the console until .* by the clock/);
  await page.getByRole('button', { name: 'Silence for 1 h' }).click();
  await ends.waitFor();
  const short = await ends.innerText();
  // The silence of a day lasts longer, so it is the one that is shown and ended first.
  await page.getByRole('button', { name: 'Silence for 1 day' }).click();
  await page.getByText('Silenced for a day from now.').waitFor();
  await expect.poll(() => ends.innerText()).not.toBe(short);
  await page.getByRole('button', { name: 'End the silence' }).click();
  await expect.poll(() => ends.innerText()).toBe(short);
  await page.getByRole('button', { name: 'End the silence' }).click();
  await page.getByText('Nobody has acknowledged it, and no silence is in force.').waitFor();
  expect(complaints).toEqual([]);
});

test('an incident of the overview is acknowledged and silenced on its card, by keyboard, and the focus stays', async () => {
  const page = await open();
  const card = page.getByRole('article', { name: 'Quota exhausted' });
  const other = page.getByRole('article', { name: 'Slow Down surge' });
  const button = (name: string) => card.getByRole('button', { name });
  const focused = () =>
    page.evaluate(() => {
      const { activeElement: at } = document;
      return `${at?.closest('article')?.querySelector('h3')?.textContent}: ${at?.textContent}`;
    });
  // What is written into another card must not be sent, and a refresh must not take it away.
  await other.getByLabel('Note for the others').fill('not this one');
  await card.getByLabel('Note for the others').fill('Ana raises the budget');
  await nextRefresh(page);
  expect(await card.getByLabel('Note for the others').inputValue()).toBe('Ana raises the budget');
  await page.keyboard.press('Tab');
  expect(await focused()).toBe('Quota exhausted: Acknowledge');
  await page.keyboard.press('Enter');
  await card.getByText('Acknowledged by the console: Ana raises the budget').waitFor();
  // The button that was pressed is gone. The focus is on the line with the result, in the same card.
  await soon(focused).toBe('Quota exhausted: Acknowledged.');
  expect(await other.getByText('Nobody has acknowledged it').isVisible()).toBe(true);

  await button('Silence for 1 h').focus();
  // Two presses make one silence: below, the test ends only one.
  await Promise.all([page.waitForResponse('**/api/v1/silences'), page.keyboard.press('Space')]);
  await page.keyboard.press('Space');
  const silenced = card.getByText(/^Silenced by the console until .* by the clock: Ana raises the budget/);
  await silenced.waitFor();
  await nextRefresh(page);
  expect(await focused()).toBe('Quota exhausted: Silence for 1 h');
  // A silence does not hide who has taken the incident over.
  expect(await card.getByText('Acknowledged by the console: Ana raises the budget').isVisible()).toBe(true);
  await page.evaluate(axe);
  const { violations } = await page.evaluate<AxeResults>('axe.run("#incidents-open")');
  expect(violations.map(({ id }) => id)).toEqual([]);

  await button('End the silence').focus();
  await page.keyboard.press('Enter');
  await silenced.waitFor({ state: 'detached' });
  await soon(focused).toBe('Quota exhausted: The silence has ended.');
  await button('Take the acknowledgement back').click();
  await card.getByText('Nobody has acknowledged it, and no silence is in force.').waitFor();
  expect(await other.getByLabel('Note for the others').inputValue()).toBe('not this one');
  expect(complaints).toEqual([]);
});

test('an action that the server refuses says why on its card, and can be tried again', async () => {
  const page = await open();
  const card = page.getByRole('article', { name: 'Quota exhausted' });
  let asked = 0;
  await page.route('**/acknowledge', (route) => {
    asked++;
    return route.fulfill({ status: 403, json: { detail: 'This token may only read.' } });
  });
  await card.getByRole('button', { name: 'Acknowledge' }).click();
  await card.getByText('This token may only read.').waitFor();
  expect(await card.getByText('Nobody has acknowledged it').isVisible()).toBe(true);
  await card.getByRole('button', { name: 'Acknowledge' }).click();
  await soon(() => asked).toBe(2);
});

test('on a phone incidents are compact cards, and the menu shows the page that is open', async () => {
  const page = await open({ width: 390 });
  await page.goto(`${running.url}/incidents`);
  const rows = page.locator('.incident-table tbody tr');
  await rows.nth(2).waitFor();
  for (const row of await rows.all()) {
    const box = await row.boundingBox();
    expect(box?.height).toBeLessThan(200);
    expect(box?.width).toBeLessThanOrEqual(390);
    // Every cell lies inside its card, so nobody has to scroll to it.
    for (const cell of await row.locator('td').all()) {
      const inner = await cell.boundingBox();
      expect((inner?.x ?? 0) + (inner?.width ?? 0)).toBeLessThanOrEqual((box?.x ?? 0) + (box?.width ?? 0));
    }
  }
  for (const [title, address] of [
    ['Pipeline', 'pipeline'],
    ['Try a record', 'try'],
    ['Overview', ''],
  ] as const) {
    await page.goto(`${running.url}/${address}`);
    const tab = page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: title });
    await soon(() => tab.getAttribute('aria-current')).toBe('page');
    const box = await tab.boundingBox();
    expect(box?.x).toBeGreaterThanOrEqual(0);
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(390);
  }
});

test('clicks group and filter a trend, and its address, request and command can be copied', async () => {
  const page = await open();
  await page.getByRole('link', { name: 'Explore' }).click();
  const groups = page.getByRole('region', { name: 'Groups' });
  await groups.getByRole('button', { name: 'Quota exceeded', exact: true }).click();
  await page.waitForURL(/where=class%3Dquota_exceeded/);
  await page.getByLabel('Group by').selectOption('project');
  const row = groups.getByRole('row').filter({ hasText: 'batch' });
  await row.waitFor();
  const quota = (day.failures['quota_exceeded'] ?? 0).toLocaleString('en');
  await soon(() => row.innerText()).toContain(quota);
  await groups.getByRole('button', { name: 'Leave out project batch' }).click();
  await row.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Remove project!=batch' }).click();
  await row.waitFor();
  const csv = await page.getByRole('link', { name: 'Download as CSV' }).getAttribute('href');
  const text = await (await page.request.get(`${running.url}${csv}`)).text();
  expect(text.split('\r\n')[0]).toBe('ts,project,requests,errors');
  await page.keyboard.press('Control+K');
  await page.keyboard.type('copy as');
  await page
    .getByRole('option', { name: /faultline trends --by project .*--where class=quota_exceeded/ })
    .waitFor();
  await page.getByRole('option', { name: /curl .*\/api\/v1\/trends/ }).waitFor();
  expect(complaints).toEqual([]);
});

test('a marked span shows which part of the traffic differs, and a failure can be found by its words', async () => {
  const page = await open();
  await page.goto(`${running.url}/differs?range=30m`);
  const ranked = page.getByRole('region', { name: 'What differs' }).getByRole('row');
  await soon(() => ranked.nth(1).innerText()).toContain('project search');
  await page.goto(`${running.url}/errors`);
  await page.getByLabel(/^Part of the text/).fill('exceeded your current quota');
  await page.keyboard.press('Enter');
  await page.waitForURL(/q=exceeded/);
  const failures = page.getByRole('region', { name: 'Failures' }).getByRole('row');
  await soon(() => failures.count()).toBe(26);
  expect(await page.locator('img[src="x"]').count()).toBe(0);
  expect(complaints).toEqual([]);
});

test('a view is saved under a name and found again with Ctrl-K', async () => {
  const page = await open();
  await page.goto(`${running.url}/explore?by=model&range=90m`);
  await page.keyboard.press('Control+K');
  await page.keyboard.type('save this view Models at work');
  await page.keyboard.press('Enter');
  await page.goto(`${running.url}/pipeline`);
  await page.keyboard.press('Control+K');
  await page.keyboard.type('models at work');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/explore\?range=90m&by=model$/);
  expect(complaints).toEqual([]);
});

test('a key that is held down while the page refreshes still presses its button', async () => {
  const page = await open();
  const entry = chartTitled(page, 'Failures by class per minute').getByRole('button', {
    name: /^Quota exceeded/,
  });
  await entry.focus();
  await page.keyboard.down('Space');
  await nextRefresh(page);
  await page.keyboard.up('Space');
  await soon(() => entry.getAttribute('aria-pressed')).toBe('false');
});

test('focus, pressed entries, opened incidents and chosen filters survive a refresh that changes the numbers', async () => {
  const page = await open();
  const panel = chartTitled(page, 'Failures by class per minute');
  const entry = panel.getByRole('button', { name: /^Slow Down/ });
  const filter = page.getByRole('button', { name: 'acme', exact: true }).first();
  await page.getByRole('article', { name: 'Slow Down surge' }).getByText('Evidence and samples').click();
  await entry.click();
  await filter.waitFor();
  const nodes = await page.evaluateHandle(() => [
    document.querySelector('#incidents-open details'),
    document.querySelector('#ranges button'),
    document.querySelector('.table-scroll'),
  ]);
  await entry.focus();
  let n = 0;
  // The route is changed and not removed: a request that is under way when a route is removed may never be answered.
  let alters = true;
  await page.route('**/api/v1/panels/errors-by-class?*', async (route) => {
    if (!alters) return route.continue();
    const response = await route.fetch();
    const answer = (await response.json()) as { series: { name: string; values: (number | null)[] }[] };
    n++;
    // First an empty answer, then other numbers in another order, because the legend is sorted by them.
    const series = answer.series.map((one, at) => ({ ...one, values: one.values.map(() => at + n) }));
    await route.fulfill({ response, json: { ...answer, series: n === 1 ? [] : series.reverse() } });
  });
  await untilAsked(page, () => n > 2);
  alters = false;
  await nextRefresh(page);
  expect(await entry.getAttribute('aria-pressed')).toBe('false');
  expect(await page.evaluate((all) => all.map((node) => node?.isConnected), nodes)).toEqual([
    true,
    true,
    true,
  ]);
  expect(await page.locator('#incidents-open details').first().getAttribute('open')).toBe('');
  // The empty answer removed the entry, and a removed element loses the focus. An entry that is only moved keeps it.
  await entry.focus();
  await page.route('**/api/v1/panels/errors-by-class?*', async (route) => {
    const response = await route.fetch();
    const answer = (await response.json()) as { series: { name: string; values: (number | null)[] }[] };
    n++;
    const series = answer.series.map((one, at) => ({ ...one, values: one.values.map(() => at * (n % 2)) }));
    await route.fulfill({ response, json: { ...answer, series } });
  });
  const before = n;
  await untilAsked(page, () => n > before + 2);
  expect(await entry.evaluate((node) => node === document.activeElement)).toBe(true);
});

test('every chart gives its numbers to a screen reader and as a table', async () => {
  const page = await open();
  const panel = chartTitled(page, 'Failures by class per minute');
  const image = panel.getByRole('img');
  await image.waitFor();
  expect(await image.getAttribute('aria-label')).toMatch(
    /^Failures by class, \d+ \w+, 18:00 to \d+ \w+, 18:00\. In all: Quota exceeded \d/,
  );
  await panel.getByRole('button', { name: 'Failures by class as a table' }).click();
  const table = panel.getByRole('table');
  expect(await table.getByRole('columnheader').allInnerTexts()).toContain('Slow Down');
  expect(await table.getByRole('row').count()).toBe(9);
  await panel.getByRole('button', { name: /^Show \d+ more rows$/ }).click();
  expect(await table.getByRole('row').count()).toBeGreaterThan(20);
  for (const name of ['banner', 'main', 'contentinfo'] as const)
    expect(await page.getByRole(name).count()).toBe(1);
  expect(
    await page
      .locator('button:not([aria-label])')
      .evaluateAll((all) => all.filter((one) => one.textContent.trim() === '').length),
  ).toBe(0);
});

test('a filter restricts every panel and stays in the address', async () => {
  const page = await open();
  await page.getByLabel('Provider', { exact: true }).selectOption('anthropic');
  await soon(() => page.url()).toContain('provider=anthropic');
  const requests = chartTitled(page, 'Requests');
  await soon(() => requests.textContent()).not.toContain(day.requests.toLocaleString('en'));
  await page.reload();
  await soon(() => page.getByLabel('Provider', { exact: true }).inputValue()).toBe('anthropic');
});

test('drawing a span on a chart shows that span', async () => {
  const page = await open();
  const plot = chartTitled(page, 'Failures by class per minute').locator('.u-over');
  await plot.waitFor();
  await plot.scrollIntoViewIfNeeded();
  const box = await plot.boundingBox();
  if (box === null) throw new Error('the chart has no size');
  await page.mouse.move(box.x + box.width * 0.5, box.y + 50);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.75, box.y + 60, { steps: 4 });
  await page.mouse.up();
  await page.getByRole('button', { name: /^0[56]:\d\d – 1[12]:\d\d: back to 24 hours$/ }).waitFor();
  const query = new URL(page.url()).searchParams;
  expect((Number(query.get('to')) - Number(query.get('from'))) / 3_600_000).toBeCloseTo(6, 0);
  await page.getByRole('link', { name: 'What differs in it' }).click();
  await page.waitForURL(`**/differs?from=${query.get('from')}&to=${query.get('to')}`);
  await page.getByRole('region', { name: 'What differs' }).getByRole('row').nth(1).waitFor();
});

test('a panel whose query fails shows that and keeps its last numbers; the others go on', async () => {
  const page = await open();
  const panel = chartTitled(page, 'Failures by class per minute');
  await panel.locator('canvas').waitFor();
  const body = JSON.stringify({
    detail: 'ClickHouse at test refused (60): no such table',
  });
  await page.route('**/api/v1/panels/errors-by-class?*', (route) =>
    route.fulfill({ status: 500, contentType: 'application/json', body }),
  );
  await askAgain(page);
  await panel.getByText('Not up to date: ClickHouse at test refused (60): no such table').waitFor();
  expect(await panel.locator('canvas').isVisible()).toBe(true);
  await page.unroute('**/api/v1/panels/errors-by-class?*');
  await askAgain(page);
  await panel.getByText('Not up to date').waitFor({ state: 'hidden' });
});

test('a page whose server is gone shows that, and recovers by itself', async () => {
  const page = await open();
  await page.getByRole('article', { name: 'Slow Down surge' }).waitFor();
  await page.route('**/api/**', (route) => route.abort());
  await askAgain(page);
  const alert = page.getByRole('alert');
  await expect
    .poll(() => alert.textContent())
    .toMatch(/^127\.0\.0\.1:\d+ does not answer\. Is faultline still running\? Trying again\.$/);
  expect(await page.getByRole('article', { name: 'Slow Down surge' }).isVisible()).toBe(true);
  await page.unroute('**/api/**');
  await soon(() => page.locator('#banner').isHidden()).toBe(true);
});

test('refreshes never overlap', async () => {
  const page = await open();
  let underWay = 0;
  let most = 0;
  await page.route('**/api/v1/status', async (route) => {
    most = Math.max(most, ++underWay);
    await route.continue();
  });
  page.on('requestfinished', (request) => {
    if (request.url().endsWith('/api/v1/status')) underWay -= 1;
  });
  for (let i = 0; i < 3; i++) {
    await askAgain(page);
    await nextRefresh(page);
  }
  expect(most).toBe(1);
});

test('the page works in a browser whose language no locale function accepts', async () => {
  const posix = await launchBrowser({ LANG: 'C', LC_ALL: 'C', LANGUAGE: '' });
  try {
    for (const language of [null, 'en-US@posix', '']) {
      const page = await posix.newPage();
      page.on('pageerror', (error) => complaints.push(error.message));
      if (language !== null)
        await page.addInitScript(
          (value) => Object.defineProperty(navigator, 'language', { value, configurable: true }),
          language,
        );
      await page.goto(running.url);
      await page.getByRole('article', { name: 'Slow Down surge' }).waitFor();
      await chartTitled(page, 'Failures by class per minute').locator('canvas').waitFor();
      await page.close();
    }
  } finally {
    await posix.close();
  }
  expect(complaints).toEqual([]);
});

test('without charts the page has its incidents, and its panels show their numbers as tables', async () => {
  const page = await open({ url: 'about:blank' });
  await page.route('**/uplot.js', (route) =>
    route.fulfill({ contentType: 'text/javascript', body: 'throw new RangeError("no charts today")' }),
  );
  await page.goto(running.url);
  await page.getByRole('article', { name: 'Slow Down surge' }).waitFor();
  await chartTitled(page, 'Failures by class per minute').getByRole('table').waitFor();
});

test('a part of the page that fails does not break the others', async () => {
  const page = await open({ url: 'about:blank' });
  await page.route('**/api/v1/values?*', (route) => route.fulfill({ json: { provider: null } }));
  await page.route('**/api/v1/panels/errors-by-class?*', (route) =>
    route.fulfill({ json: { shape: 'series', from: 0, to: 1, step: 1, times: null, series: [{}] } }),
  );
  await page.goto(running.url);
  await page.getByRole('article', { name: 'Slow Down surge' }).waitFor();
  await chartTitled(page, 'Failures by class per minute')
    .getByText(/^Cannot be drawn: /)
    .waitFor();
  await soon(() => chartTitled(page, 'Requests').textContent()).toContain(day.requests.toLocaleString('en'));
});

test('on a narrow screen nothing is cut off at the side', async () => {
  const page = await open({ width: 360 });
  await page.getByRole('article', { name: 'Slow Down surge' }).waitFor();
  await chartTitled(page, 'Failures by class per minute').locator('canvas').waitFor();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
});

test('before the first record the page explains how to begin', async () => {
  const empty = emptyStore();
  const console = await start(empty, '', 'finished');
  const page = await open({ url: console.url });
  await page.getByRole('heading', { name: 'No request has been counted yet' }).waitFor();
  expect(await page.getByText('npm start -- --source my-logs.ndjson').isVisible()).toBe(true);
  await page.getByText('Nothing to judge yet').waitFor();
  expect(complaints).toEqual([]);
  await console.close();
});

test('with a token the page asks for it and then shows the incidents', async () => {
  const guarded = await start(store, 'correct horse');
  const page = await open({ url: guarded.url });
  await page.getByLabel('Token').fill('wrong');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByText('This is no token of this console.').waitFor();
  await page.getByLabel('Token').fill('correct horse');
  await page.keyboard.press('Enter');
  await page.getByRole('article', { name: 'Slow Down surge' }).waitFor();
  await guarded.close();
});

test('a busy port is an error that names it and the setting; a closed console frees its port', async () => {
  const taken = await listen();
  const address = taken.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const options = {
    store,
    host: '127.0.0.1',
    port,
    token: '',
    now: () => PRESENT,
    dashboards: [overview],
    ...wired,
  };
  await expect(startConsole(options)).rejects.toMatchObject({
    code: 'port_in_use',
    message: expect.stringContaining(`port ${port} on 127.0.0.1 is in use`),
  });
  await new Promise((resolve) => taken.close(resolve));
  for (let i = 0; i < 2; i++) {
    const again = await startConsole(options);
    expect((await fetch(`${again.url}/healthz`)).status).toBe(200);
    await again.close();
  }
});

/** Makes the page start a round of requests at once, as it does when it becomes visible. */
function askAgain(page: Page): Promise<void> {
  return page.evaluate(() => void document.dispatchEvent(new Event('visibilitychange')));
}

/** Waits until a round of requests that begins after this call is answered. */
async function nextRefresh(page: Page): Promise<void> {
  for (let round = 0; round < 2; round++)
    await Promise.all([page.waitForResponse('**/api/v1/status'), askAgain(page)]);
}

/** Lets the page start up to 20 rounds of requests, until a condition holds. */
async function untilAsked(page: Page, isSo: () => boolean): Promise<void> {
  for (let round = 0; round < 20 && !isSo(); round++) await nextRefresh(page);
  expect(isSo()).toBe(true);
}

function listen(): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

/** A store without rows, as at a first start. */
function emptyStore(): Store {
  const nothing: Store = {
    ...store,
    query: async <Row>(sql: string) => (sql.includes('AS oldest') ? [{ oldest: 0, newest: 0 }] : []) as Row[],
    close: async () => undefined,
  };
  return nothing;
}
