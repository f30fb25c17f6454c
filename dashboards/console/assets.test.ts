import { expect, test } from 'vitest';
import { readAssets } from './assets.ts';

test('every script and style that a file of the page loads is served', async () => {
  const assets = await readAssets();
  const missing = [...assets].flatMap(([name, { type, body }]) => {
    if (!/javascript|css|html/.test(type)) return [];
    const text = body.toString('utf8');
    const loaded = [
      ...text.matchAll(/(?:from|import) '(\.[^']+)'/g),
      ...text.matchAll(/import\('(\.[^']+)'\)/g),
      ...text.matchAll(/(?:href|src)="(\/[^"#?]+\.(?:js|css|svg))"/g),
    ].map(([, path = '']) => new URL(path, `http://page${name}`).pathname);
    // Only the compiler reads the imports of types in comments.
    return loaded
      .filter((path) => !path.endsWith('.ts') && !assets.has(path))
      .map((path) => `${name} loads ${path}`);
  });
  expect(missing).toEqual([]);
});

test('app.js imports scripts, so the test of all served files has something to find', async () => {
  const app = (await readAssets()).get('/app.js')?.body.toString('utf8') ?? '';
  expect(app).toMatch(/from '\.\//);
});
