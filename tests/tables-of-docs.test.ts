import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { dashboards } from '../dashboards/panels/list.ts';
import { factsOf, incidentKindNames } from '../domain/incident-kind.ts';
import { receiverTypes } from '../domain/notify-settings.ts';
import { formatNames } from '../ingest/formats/formats.ts';

const docs = path.resolve(import.meta.dirname, '../docs');
const read = (page: string): string => readFileSync(path.join(docs, page), 'utf8');

test('the page on Grafana lists every dashboard with its question', () => {
  const page = read('grafana.md');
  const rows = dashboards.map(
    ({ title, question }) => `| ${title.replace('faultline / ', '')} | ${question}`,
  );
  expect(rows.filter((row) => !page.includes(row))).toEqual([]);
});

test('the page on incidents has a row for every kind, with a link to its page', () => {
  const page = read('incidents.md');
  const rows = incidentKindNames.map((kind) => `\n| [\`${kind}\`](${factsOf(kind).runbook}) |`);
  expect(rows.filter((row) => !page.includes(row))).toEqual([]);
});

test('the page on notifications has a row for every channel', () => {
  const page = read('notifications.md');
  expect(receiverTypes.filter((type) => !page.includes(`\n| \`${type}\` |`))).toEqual([]);
});

test('the page on formats has a row for every format', () => {
  const page = read('formats/README.md');
  expect(formatNames().filter((name) => !page.includes(`\n| [\`${name}\`](`))).toEqual([]);
});
