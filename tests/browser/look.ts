import { launchBrowser } from './launch.ts';
const [base = '', out = '', ...paths] = process.argv.slice(2);
const browser = await launchBrowser();
for (const path of paths) {
  const context = await browser.newContext({
    viewport: { width: Number(process.env['W'] ?? 1440), height: 1000 },
    colorScheme: 'dark',
    timezoneId: 'UTC',
  });
  const page = await context.newPage();
  page.on('console', (m) => console.log(path, m.type(), m.text()));
  page.on('pageerror', (e) => console.log(path, 'error', e.message));
  await page.goto(base + path);
  await page.waitForTimeout(3500);
  await page.screenshot({ path: `${out}/${path.replace(/\W+/g, '_') || 'root'}.png` });
  await context.close();
}
await browser.close();
