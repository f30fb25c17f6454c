import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { explain } from '../../analyzers/explain.ts';
import { timelineOf } from '../../analyzers/timeline.ts';
import { type Console, startConsole } from '../../dashboards/console/server.ts';
import { overview } from '../../dashboards/panels/overview-page.ts';
import { defaultRetention, toRetention } from '../../domain/retention.ts';
import { launchBrowser } from './launch.ts';
import { openSeededStore } from './seeded-store.ts';

// A click on a chart shows only one of its series, or all others. A logarithmic scale shows small values beside a
// spike.

// Yesterday at 18:00, because tables drop older days.
const PRESENT = Math.floor(Date.now() / 86_400_000) * 86_400_000 - 6 * 3_600_000;

let browser: Browser;
let seeded: Awaited<ReturnType<typeof openSeededStore>>;
let running: Console;

beforeAll(async () => {
  browser = await launchBrowser();
  seeded = await openSeededStore(PRESENT);
  running = await startConsole({
    store: seeded.store,
    host: '127.0.0.1',
    port: 0,
    token: '',
    now: () => PRESENT,
    dashboards: [overview],
    retention: toRetention(defaultRetention),
    explain,
    timeline: timelineOf,
  });
});

afterAll(async () => {
  await browser.close();
  await running.close();
  await seeded.close();
});

afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
});

async function open(address: string): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: 1_440, height: 1_000 },
    locale: 'en-US',
    timezoneId: 'UTC',
  });
  const page = await context.newPage();
  await page.goto(`${running.url}${address}`);
  await page.locator('.u-over').first().waitFor();
  return page;
}

const soon = <Value>(value: () => Value) => expect.poll(value, { timeout: 15_000 });
const failures = (name: string): number => seeded.day.failures[name] ?? 0;
const allFailures = (): number => Object.values(seeded.day.failures).reduce((sum, n) => sum + n, 0);

/** Failures of all groups in the table of Explore. */
async function failuresShown(page: Page): Promise<number> {
  const table = page.getByRole('region', { name: 'Groups' });
  const heads = await table.getByRole('columnheader').allInnerTexts();
  const cells = await table
    .locator(`tbody tr td:nth-child(${heads.indexOf('failures') + 1})`)
    .allInnerTexts();
  return cells.reduce((sum, text) => sum + Number(text.replaceAll(',', '')), 0);
}

/** Moves the pointer over the chart until it is on a series, and returns the label of that series. */
async function findSeries(page: Page, plot: Locator): Promise<string> {
  await plot.scrollIntoViewIfNeeded();
  const box = await plot.boundingBox();
  if (box === null) throw new Error('the chart has no size');
  for (let x = box.width - 12; x > 0; x -= 9) {
    for (let up = 6; up < box.height; up += 24) {
      await page.mouse.move(box.x + x, box.y + box.height - up);
      const hint = page.locator('.tip:visible .tip-hint');
      if ((await hint.count()) > 0) return page.locator('.tip:visible .is-here span').nth(1).innerText();
    }
  }
  throw new Error('no series is under the pointer anywhere');
}

test('a click on the chart of Explore keeps that class; with Shift it is left out; both are in the address', async () => {
  const page = await open('/explore');
  const name = await findSeries(page, page.locator('.u-over'));
  const { classes } = (await (await page.request.get(`${running.url}/api/v1/classes`)).json()) as {
    classes: { name: string; title: string }[];
  };
  const clicked = classes.find(({ title }) => title === name)?.name ?? '';
  await page.mouse.down();
  await page.mouse.up();
  await soon(() => new URL(page.url()).searchParams.get('where')).toBe(`class=${clicked}`);
  await soon(() => failuresShown(page)).toBe(failures(clicked));
  await page.reload();
  await soon(() => failuresShown(page)).toBe(failures(clicked));
  await page.getByRole('button', { name: `Remove class=${clicked}` }).click();
  await soon(() => failuresShown(page)).toBe(allFailures());

  expect(await findSeries(page, page.locator('.u-over'))).toBe(name);
  await page.keyboard.down('Shift');
  await page.mouse.down();
  await page.mouse.up();
  await page.keyboard.up('Shift');
  await soon(() => new URL(page.url()).searchParams.get('where')).toBe(`class!=${clicked}`);
  await soon(() => failuresShown(page)).toBe(allFailures() - failures(clicked));
});

test('the keyboard keeps only a series by its legend entry, and the button that then has the focus undoes this', async () => {
  const page = await open('/explore');
  await page.getByRole('button', { name: /^Quota exceeded \d|^Quota exceeded[\d,]+$/ }).focus();
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe(
    'Only Quota exceeded',
  );
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await soon(() => new URL(page.url()).searchParams.get('where')).toBe('class!=quota_exceeded');
  await soon(() => failuresShown(page)).toBe(allFailures() - failures('quota_exceeded'));
  expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe(
    'Remove class!=quota_exceeded',
  );
  await page.keyboard.press('Enter');
  await soon(() => failuresShown(page)).toBe(allFailures());
});

test('with two dimensions a click on the chart keeps both values, and only the table can leave one out', async () => {
  const page = await open('/explore?by=class&and=project');
  const legend = page.getByRole('group', { name: 'Series' });
  const entry = legend.getByRole('button', { name: /^Quota exceeded · batch/ });
  await entry.hover();
  expect(await legend.getByRole('button', { name: /^Leave out/ }).count()).toBe(0);
  await legend.getByRole('button', { name: 'Only Quota exceeded · batch', exact: true }).click();
  await soon(() => new URL(page.url()).searchParams.get('where')).toBe('class=quota_exceeded\nproject=batch');
  await soon(() => failuresShown(page)).toBe(failures('quota_exceeded'));
});

test('a series of a dashboard leads to Explore with the same failures', async () => {
  const page = await open('/?provider=azure');
  const chart = page.getByRole('region', { name: 'Failures by who must act per minute', exact: true });
  await chart.locator('.legend-item').first().hover();
  await chart.getByRole('button', { name: /^Leave out Account.*, in Explore$/ }).click();
  await page.waitForURL('**/explore?*');
  const query = new URL(page.url()).searchParams;
  expect(query.get('provider')).toBe('azure');
  expect(query.get('where')).toMatch(/^class!=\S*quota_exceeded/);
  const cell = page.getByRole('region', { name: 'Groups' }).getByText('Quota exceeded');
  await page.getByRole('region', { name: 'Groups' }).getByRole('row').nth(1).waitFor();
  expect(await cell.count()).toBe(0);
  await page.goBack();
  await page.waitForURL('**/?provider=azure');

  const byClass = page.getByRole('region', { name: 'Failures by class per minute', exact: true });
  const name = await findSeries(page, byClass.locator('.u-over'));
  await page.mouse.down();
  await page.mouse.up();
  await page.waitForURL('**/explore?*by=client*');
  await page.getByRole('button', { name: /^Remove class=/ }).waitFor();
  expect(name).not.toBe('');
});

test('selecting a span is not a click', async () => {
  const page = await open('/explore');
  await findSeries(page, page.locator('.u-over'));
  const box = await page.locator('.u-over').boundingBox();
  if (box === null) throw new Error('the chart has no size');
  await page.mouse.move(box.x + box.width * 0.5, box.y + box.height - 5);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.7, box.y + box.height - 5, { steps: 4 });
  await page.mouse.up();
  await page.waitForURL('**/explore?from=*');
  expect(new URL(page.url()).searchParams.get('where')).toBe(null);
});

test('if a spike hides the rest of a stack, Log shows each part as a line', async () => {
  const page = await open('/');
  const chart = page.getByRole('region', { name: 'Failures by class per minute', exact: true });
  const log = chart.getByRole('button', { name: 'Log scale of Failures by class' });
  await page.route('**/api/v1/panels/errors-by-class?*', async (route) => {
    const response = await route.fetch();
    const answer = (await response.json()) as { times: number[] };
    const many = (value: (at: number) => number) => answer.times.map((_, at) => value(at));
    const series = [
      { name: 'timeout', label: 'Timeout', color: '#00ff00', values: many(() => 2) },
      {
        name: 'slow_down',
        label: 'Slow Down',
        color: '#ff0000',
        values: many((at) => (at === 40 ? 90_000 : 3)),
      },
    ];
    await route.fulfill({ response, json: { ...answer, series } });
  });
  await page.reload();
  await log.waitFor();
  const columns = () => greenColumns(chart.locator('canvas'));
  const width = await chart.locator('canvas').evaluate((node: HTMLCanvasElement) => node.width);
  // Beside a value of 90,000, a value of 2 is less than a pixel high.
  expect(await columns()).toBeLessThan(width * 0.1);
  await log.focus();
  await page.keyboard.press('Enter');
  expect(await log.getAttribute('aria-pressed')).toBe('true');
  await soon(columns).toBeGreaterThan(width * 0.8);
  // The pointer can reach the smaller line. In the stack, the smaller part was too thin.
  expect(await findSeries(page, chart.locator('.u-over'))).toBe('Timeout');
  await log.press('Enter');
  await soon(columns).toBeLessThan(width * 0.1);
});

/** How many columns of pixels have a clear green in them. */
function greenColumns(canvas: Locator): Promise<number> {
  return canvas.evaluate((node: HTMLCanvasElement) => {
    const { width, height } = node;
    const pixels = node.getContext('2d')?.getImageData(0, 0, width, height).data ?? [];
    const found = new Set<number>();
    for (let at = 0; at < width * height; at++) {
      const [red = 0, green = 0, blue = 0, alpha = 0] = pixels.slice(at * 4, at * 4 + 4);
      if (alpha > 100 && green > 180 && red < 100 && blue < 100) found.add(at % width);
    }
    return found.size;
  });
}

test('the scale of a chart is in the address, and a link shows it', async () => {
  const page = await open('/?range=24h');
  const log = page.getByRole('button', { name: 'Log scale of Failures by class' });
  await log.click();
  await page.waitForURL(/log=errors-by-class/);
  await page.reload();
  await soon(() => log.getAttribute('aria-pressed')).toBe('true');
  await log.click();
  await page.waitForURL((url) => !url.searchParams.has('log'));
});

test('What differs says that nothing can be compared, keeps its chart, and offers a span that can', async () => {
  const page = await open('/differs');
  await page
    .getByText(/^There is too little earlier traffic to compare with: no request is counted/)
    .waitFor();
  await page.getByRole('button', { name: 'Compare the last 6h with the time before' }).click();
  await page.waitForURL(/range=6h/);
  await page.getByRole('region', { name: 'What differs' }).getByRole('row').nth(1).waitFor();
  const daysAgo = (days: number) => new Date(PRESENT - days * 86_400_000).toISOString();
  await page.goto(`${running.url}/differs?from=${daysAgo(4)}&to=${daysAgo(3)}`);
  await page.getByText('No request is counted in this span.').waitFor();
  await page.locator('.u-over').waitFor();
});

test('a failure shows everything that is stored about it, and a click on a name filters by it', async () => {
  const page = await open('/');
  await page.goto(`${running.url}/errors`);
  const failed = page.getByRole('region', { name: 'Failures' });
  await failed.getByRole('columnheader', { name: 'By rule' }).waitFor();
  const time = failed.getByRole('row').nth(1).getByRole('button').first();
  await time.click();
  expect(await time.getAttribute('aria-expanded')).toBe('true');
  const facts = page.locator('.failure-facts');
  for (const title of ['Class', 'Status', 'Organization', 'Retries before it'])
    await facts.getByText(title, { exact: true }).waitFor();
  await facts.getByRole('button', { name: /./ }).first().click();
  await page.waitForURL(/where=provider/);
});

test('the page says that a range cannot be read, in the address and in the field', async () => {
  const page = await open('/explore?from=yesterday&to=now');
  await page.getByText('The address has no range that can be read (from=yesterday&to=now)').waitFor();
  const field = page.getByLabel(/^Another range/);
  await field.fill('soon');
  await field.press('Enter');
  await page.getByText(/^Not a range: write a length/).waitFor();
  await field.fill('90m');
  await field.press('Enter');
  await page.waitForURL(/range=90m/);
  expect(await page.getByText(/^Not a range|^The address has no range/).count()).toBe(0);
});
