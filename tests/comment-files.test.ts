import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');
const rooms = '{analyzers,bench,cli,dashboards,domain,ingest,scripts,simulate,store,tests}';
const files = globSync(`${rooms}/**/*.{ts,js,mjs}`, { cwd: root });
const named = /(?<![\w./*-])(?:[\w-]+\/)*[\w-]{2,}(?:\.test)?\.(?:ts|js|mjs)(?![\w/])/g;
const comment = /^\s*(?:\/\/|\/?\*)(.*)$/;

test('a file that a comment names exists', () => {
  const wrong = files.flatMap((file) =>
    readFileSync(path.join(root, file), 'utf8')
      .split('\n')
      .flatMap((line, i) => {
        const names = comment.exec(line)?.[1]?.match(named) ?? [];
        return names
          .filter((name) => !files.some((one) => one === name || one.endsWith(`/${name}`)))
          .map((name) => `${file}:${i + 1} names ${name}`);
      }),
  );
  expect(files.length).toBeGreaterThan(500);
  expect(wrong).toEqual([]);
});
