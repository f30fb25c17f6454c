import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Browser } from 'playwright-core';
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

// Yesterday at 18:00, because tables drop older days.
const PRESENT = Math.floor(Date.now() / 86_400_000) * 86_400_000 - 6 * 3_600_000;

let browser: Browser;
let seeded: Awaited<ReturnType<typeof openSeededStore>>;
let running: Console;
let axe: string;

beforeAll(async () => {
  axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
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

/** Pages, each with an element that shows that its numbers are there. */
const pages = [
  ['/', 'canvas'],
  ['/?dashboard=faultline-providers', 'canvas'],
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
  test.each(pages)(
    `the checks for accessibility find nothing serious on %s, ${colorScheme}`,
    async (address, shown) => {
      const context = await browser.newContext({
        viewport: { width: 1_280, height: 900 },
        colorScheme,
        // Elements that fade in have too little contrast for a third of a second.
        reducedMotion: 'reduce',
      });
      try {
        const page = await context.newPage();
        await page.goto(`${running.url}${address}`);
        await page.locator(shown).first().waitFor();
        // Evaluated by the debugger, so the content security policy of the page does not apply.
        await page.evaluate(axe);
        const { violations } = await page.evaluate<AxeResults>('axe.run()');
        const serious = violations
          .filter(({ impact }) => impact === 'serious' || impact === 'critical')
          .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`));
        expect(serious).toEqual([]);
      } finally {
        await context.close();
      }
    },
  );
}
