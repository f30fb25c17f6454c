import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { launchBrowser } from './launch.ts';

/**
 * Takes the pictures of the console that README and docs show, in both themes: `console-dark.png`, `incident-dark.png`
 * (one incident), `explore-dark.png` (a trend). For example:
 * `node tests/browser/screenshot.ts --url http://127.0.0.1:7070 --to docs/images --wait "Slow Down surge" --says "Your traffic"`
 * `--wait`: first waits for an open incident with this title. `--says`: then waits until the card of the incident
 * contains this text, because the card of a surge shows no growth at the very start.
 */
const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:7070' },
    to: { type: 'string', default: 'docs/images' },
    wait: { type: 'string', default: '' },
    says: { type: 'string', default: '' },
    width: { type: 'string', default: '1440' },
    height: { type: 'string', default: '1000' },
  },
});

const browser = await launchBrowser();
await mkdir(values.to, { recursive: true });
const pages = await Promise.all(
  (['dark', 'light'] as const).map(async (colorScheme) => {
    const context = await browser.newContext({
      viewport: { width: Number(values.width), height: Number(values.height) },
      deviceScaleFactor: 1.5,
      // Without animations, so that no element is half transparent in a picture.
      reducedMotion: 'reduce',
      colorScheme,
      locale: 'en-US',
      timezoneId: 'UTC',
    });
    const page = await context.newPage();
    await page.goto(values.url);
    return { colorScheme, page };
  }),
);
for (const { page } of pages) {
  if (values.wait !== '')
    await page
      .getByRole('article', { name: values.wait })
      .filter({ hasText: values.says })
      .waitFor({ timeout: 600_000 });
  await page.locator('.u-over').first().waitFor();
}
// In a demo the incident is soon over, but its page stays.
const card = pages[0]?.page.getByRole('article', values.wait === '' ? {} : { name: values.wait });
const incident = await card?.first().getByRole('link').first().getAttribute('href');
for (const { colorScheme, page } of pages) await picture(page, `console-${colorScheme}`);
for (const { colorScheme, page } of pages) {
  await visit(page, incident ?? '/incidents', '.timeline li');
  await picture(page, `incident-${colorScheme}`);
  await visit(page, '/explore?range=6h', 'tbody tr');
  await picture(page, `explore-${colorScheme}`);
}
await browser.close();

async function visit(page: Page, address: string, shown: string): Promise<void> {
  await page.goto(new URL(address, values.url).href);
  await page.locator(shown).first().waitFor();
}

async function picture(page: Page, name: string): Promise<void> {
  const file = path.join(values.to, `${name}.png`);
  await page.screenshot({ path: file });
  console.log(file);
}
