import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');
const folders = ['domain', 'store', 'ingest', 'analyzers', 'dashboards', 'simulate', 'cli'];
const files = execFileSync('git', ['ls-files', '--', ...folders], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));

const declaration = /^(export )?(?:abstract )?(?:interface|type|class) (\w+)/gm;
const types = files.flatMap((file) =>
  [...readFileSync(path.join(root, file), 'utf8').matchAll(declaration)].map(([, exported, name = '']) => ({
    file,
    name,
    isExported: exported !== undefined,
  })),
);

test('no other type has the name of an exported type', () => {
  expect(types.length).toBeGreaterThan(500);
  const shared = [...Map.groupBy(types, ({ name }) => name).values()].filter(
    (same) => same.length > 1 && same.some(({ isExported }) => isExported),
  );
  expect(shared.map((same) => same.map(({ name, file }) => `${name} in ${file}`).join(', '))).toEqual([]);
});
