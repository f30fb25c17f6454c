import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { launchBrowser } from './launch.ts';

/**
 * Takes the pictures of the console that the README shows: `console-dark.png` and `console-light.png`.
 * `node tests/browser/screenshot.ts --url http://127.0.0.1:7070 --to docs/images --wait "Slow Down surge"`
 * waits for an open incident of that title first.
 */
const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:7070' },
    to: { type: 'string', default: 'docs/images' },
    wait: { type: 'string', default: '' },
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
    await page.getByRole('article', { name: values.wait }).waitFor({ timeout: 600_000 });
  await page.locator('.u-over').first().waitFor();
}
for (const { colorScheme, page } of pages) {
  const file = path.join(values.to, `console-${colorScheme}.png`);
  await page.screenshot({ path: file });
  console.log(file);
}
await browser.close();
