import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { explain } from '../../analyzers/explain.ts';
import { timelineOf } from '../../analyzers/timeline.ts';
import { textTrial } from '../../cli/input/text-trial.ts';
import { type Console, startConsole } from '../../dashboards/console/server.ts';
import { dashboards } from '../../dashboards/panels/list.ts';
import { defaultRetention, toRetention } from '../../domain/retention.ts';
import { settingsSchema } from '../../domain/settings.ts';
import { launchBrowser } from './launch.ts';
import { openSeededStore } from './seeded-store.ts';

// Shows every page in both themes at every width. Nothing may be cut off, and the accessibility checks must find
// nothing serious. If TEST_PICTURES names a folder, pictures of all go there, because people see faults that no check
// finds. Otherwise no picture is taken, because that would take longer than the checks.

// Yesterday at 18:00: recent enough that no table drops the day.
const PRESENT = Math.floor(Date.now() / 86_400_000) * 86_400_000 - 6 * 3_600_000;
/** The widths of a phone, two small screens, a usual screen and a screen on a wall. */
const WIDTHS = [390, 1_280, 1_400, 1_600, 2_560] as const;
const pictures = process.env['TEST_PICTURES'] ?? '';

let browser: Browser;
let seeded: Awaited<ReturnType<typeof openSeededStore>>;
let running: Console;
let axe: string;

beforeAll(async () => {
  axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  if (pictures !== '') await mkdir(pictures, { recursive: true });
  browser = await launchBrowser();
  seeded = await openSeededStore(PRESENT);
  running = await startConsole({
    store: seeded.store,
    host: '127.0.0.1',
    port: 0,
    token: '',
    now: () => PRESENT,
    dashboards,
    retention: toRetention(defaultRetention),
    explain,
    timeline: timelineOf,
    tryText: textTrial({ settings: settingsSchema.parse({}), now: () => PRESENT }),
  });
});

afterAll(async () => {
  await browser.close();
  await running.close();
  await seeded.close();
});

/** Each page, with a selector of an element that is there once the numbers are loaded. */
const pages = [
  ['/', 'canvas'],
  ...dashboards
    .filter(({ about }) => about === undefined)
    .slice(1)
    .map(({ uid }) => [`/?dashboard=${uid}`, 'canvas'] as const),
  ['/incidents', 'tbody tr'],
  ['/incidents/inc-5d1c0e2a', '.timeline li'],
  ['/explore', 'tbody tr'],
  ['/differs?range=30m', 'tbody tr'],
  ['/errors', 'tbody tr'],
  ['/classes', '.class-entry'],
  ['/pipeline', '.card'],
  ['/try', '#try-text'],
] as const;

for (const colorScheme of ['dark', 'light'] as const) {
  test.each(pages)(`%s is whole at every width, ${colorScheme}`, async (address, shown) => {
    const context = await browser.newContext({
      viewport: { width: 1_280, height: 900 },
      colorScheme,
      // Without animations, because an element that is fading in has too little contrast for a third of a second.
      reducedMotion: 'reduce',
      locale: 'en-US',
      timezoneId: 'UTC',
    });
    try {
      const page = await context.newPage();
      await page.goto(`${running.url}${address}`);
      await page.locator(shown).first().waitFor();
      await expect.poll(() => page.locator('.waiting').count(), { timeout: 60_000 }).toBe(0);
      const found: Record<string, string[]> = {};
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 900 });
        found[width] = await whatStaysCut(page);
        await takePicture(page, pictureOf(address, width, colorScheme));
        if (width <= 1_280) found[width].push(...(await seriousOf(page)));
      }
      expect(found).toEqual(Object.fromEntries(WIDTHS.map((width) => [width, []])));
    } finally {
      await context.close();
    }
  });
}

test.each(pages)(
  '%s is whole with names of 10,000 letters, and shows invisible characters',
  async (address, shown) => {
    const context = await browser.newContext({
      viewport: { width: 1_400, height: 900 },
      reducedMotion: 'reduce',
    });
    try {
      const page = await context.newPage();
      const tricky = `\u202E${'x'.repeat(10_000)}`;
      const isNamed = { yes: false };
      await page.route('**/api/v1/**', async (route) => {
        if (route.request().resourceType() === 'eventsource') return route.continue();
        const response = await route.fetch();
        const body = (await response.text()).replaceAll(/\b(?:acme|search|ranker)\b/g, tricky);
        isNamed.yes ||= body.includes(tricky);
        return route.fulfill({ response, body });
      });
      await page.goto(`${running.url}${address}`);
      await page.locator(shown).first().waitFor();
      await expect.poll(() => page.locator('.waiting').count(), { timeout: 60_000 }).toBe(0);
      await expect.poll(() => page.getByText('Comparing …').count(), { timeout: 60_000 }).toBe(0);
      const found: Record<string, string[]> = {};
      for (const width of [390, 1_400]) {
        await page.setViewportSize({ width, height: 900 });
        found[width] = [...(await whatStaysCut(page)), ...(await page.evaluate(whatIsTall))];
        await takePicture(page, `long-${pictureOf(address, width, 'dark')}`);
      }
      expect(found).toEqual({ 390: [], 1_400: [] });
      const text = await page.evaluate(() => document.body.innerText);
      expect(text).not.toMatch(/\u202E/);
      if (isNamed.yes && address !== '/pipeline' && address !== '/classes' && address !== '/try')
        expect(text).toContain('‹U+202E›');
    } finally {
      // The page asks again and again. Without this, a request under way at the end would be an error of the run.
      for (const page of context.pages()) await page.unrouteAll({ behavior: 'ignoreErrors' });
      await context.close();
    }
  },
);

async function takePicture(page: Page, name: string): Promise<void> {
  if (pictures !== '') await page.screenshot({ path: path.join(pictures, name) });
}

function pictureOf(address: string, width: number, theme: string): string {
  const name = address.replace(/^\/(?:\?dashboard=)?/, '').replaceAll(/\W+/g, '-') || 'overview';
  return `${name}-${width}-${theme}.png`;
}

/** Problems of the page that axe calls serious or critical. */
async function seriousOf(page: Page): Promise<string[]> {
  // The script is run through the debugger, because the content policy of the page forbids foreign scripts.
  await page.evaluate(axe);
  const { violations } = await page.evaluate<AxeResults>('axe.run()');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`));
}

/** What is still cut off after the charts have had time to adapt to another width. */
async function whatStaysCut(page: Page): Promise<string[]> {
  const end = performance.now() + 15_000;
  for (;;) {
    const cut = await page.evaluate(whatIsCut);
    if (cut.length === 0 || performance.now() > end) return cut;
    await page.waitForTimeout(200);
  }
}

/** Runs in the page: finds texts that take the height of many others, because nothing cuts a long name in them. */
function whatIsTall(): string[] {
  return [...document.querySelectorAll('main :is(p, li, dd, td, b)')]
    .filter((one) => one.getBoundingClientRect().height > 300)
    .map((one) => `tall: ${one.tagName}.${one.className} of .${one.parentElement?.className}`);
}

/**
 * Runs in the page: finds texts that do not fit. Tables of data may be scrolled on a phone; texts of the page itself
 * must never be cut.
 */
function whatIsCut(): string[] {
  const isShown = (one: Element): boolean =>
    one.getClientRects().length > 0 && !one.closest('.unseen, [hidden]');
  const nameOf = (one: Element): string =>
    `${one.tagName.toLowerCase()}.${one.className} "${(one.textContent ?? '').trim().slice(0, 60)}"`;
  const found: string[] = [];
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth > clientWidth) {
    const wide = [...document.querySelectorAll('main *')].findLast(
      (one) => one.getBoundingClientRect().right > clientWidth + 1 && one.closest('.table-scroll') === null,
    );
    found.push(
      `the page is ${scrollWidth} wide in ${clientWidth}: ${wide === undefined ? 'not in main' : nameOf(wide)}`,
    );
  }
  const words =
    'h1, h2, h3, th, td.right, td.nowrap, button, summary, dt, nav a, .stat, .state, .chips li, .live-part, .fresh';
  for (const one of document.querySelectorAll(words)) {
    const clips = getComputedStyle(one).overflowX !== 'visible';
    if (isShown(one) && clips && one.scrollWidth > one.clientWidth + 1) found.push(`cut: ${nameOf(one)}`);
  }
  for (const one of document.querySelectorAll('.table-scroll')) {
    if (isShown(one) && one.scrollHeight > one.clientHeight + 1)
      found.push(`a row is sliced: ${one.getAttribute('aria-label')}`);
  }
  if (clientWidth < 1_280) return found;
  for (const one of document.querySelectorAll('.table-scroll')) {
    if (isShown(one) && one.scrollWidth > one.clientWidth + 1)
      found.push(
        `columns are out of sight (${one.scrollWidth} in ${one.clientWidth}): ${one.getAttribute('aria-label')}`,
      );
  }
  return found;
}
