import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const page = readFileSync(new URL('../docs/scaling.md', import.meta.url), 'utf8');

/** Computes the sizes by the formulas of docs/scaling.md. */
function sizes(records: number, perCore: number): string {
  const workers = Math.max(2, Math.ceil(records / (0.6 * perCore)));
  const partitions = Math.ceil((2 * workers) / 6) * 6;
  const age = partitions <= 10 ? 1 : 5;
  const batches = Math.max(partitions / age, records / 200_000);
  const events = 0.014 * records * 200 * 86_400 * 30;
  const shards = Math.max(Math.ceil(batches / 10), Math.ceil(events / 8e12));
  const toStore = 0.014 * records * 650 + batches * Math.min(records / batches, 1_000) * 210;
  const cells = [
    count(records),
    `${amount(records * 450)}/s`,
    count(workers),
    count(partitions),
    count(Math.round(records / partitions)),
    `${age} s`,
    count(Math.round(3 * batches)),
    count(Math.round(5 * batches)),
    `${amount(toStore)}/s`,
    amount(events),
    count(shards),
  ];
  return `| ${cells.join(' | ')} |`;
}

const count = (n: number): string => n.toLocaleString('en-US');

function amount(bytes: number): string {
  const [unit, name] =
    bytes >= 1e12 ? [1e12, 'TB'] : bytes >= 1e9 ? [1e9, 'GB'] : bytes >= 1e6 ? [1e6, 'MB'] : [1e3, 'kB'];
  const n = bytes / unit;
  return `${n >= 10 ? n.toFixed(0) : n.toFixed(1)} ${name}`;
}

test('the formulas of the page give its table of sizes from the measured rate', () => {
  const perCore = Number(/^measured: (\d+) records\/s per worker core$/m.exec(page)?.[1]);
  expect(perCore).toBeGreaterThan(0);
  const expected = [1_000, 10_000, 100_000, 1_000_000, 10_000_000].map((records) => sizes(records, perCore));
  const section = page.slice(page.indexOf('## Sizes'), page.indexOf('## Inserts'));
  const rows = section.split('\n').filter((line) => /^\| [\d,]+ \|/.test(line));
  expect(rows.join('\n')).toBe(expected.join('\n'));
});
