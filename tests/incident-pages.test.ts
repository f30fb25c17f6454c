import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { factsOf, incidentKindNames } from '../domain/incident-kind.ts';
import { pageOfKind, unnamedEvidence } from './fixtures/incident-pages.ts';

const root = path.resolve(import.meta.dirname, '..');

test('each kind has a page of its own, and each page but that of the verdict gateway has a kind', () => {
  const own = incidentKindNames.map((kind) => `incidents/${kind.replaceAll('_', '-')}.md`);
  expect(incidentKindNames.map((kind) => factsOf(kind).runbook)).toEqual(own);
  const pages = readdirSync(path.join(root, 'docs/incidents')).map((file) => `incidents/${file}`);
  expect(pages.toSorted()).toEqual([...own, 'incidents/gateway.md'].toSorted());
});

describe.each(incidentKindNames)('the page of %s', (kind) => {
  test('says when it fires and clears, how severe it is, who must act and what to do', () => {
    const page = pageOfKind(kind);
    expect(page.split('\n', 1)).toEqual([`# ${kind}`]);
    const parts = [
      '**Fires**',
      '**Clears**',
      '**Severity**',
      '\n## What to do\n',
      '\n| evidence | meaning |\n',
    ];
    expect(parts.filter((part) => !page.includes(part))).toEqual([]);
    expect(page).toMatch(/verdict/i);
  });

  test('leads to the page of a class of its answers', () => {
    // The pipeline is faultline's own: no answer of an API is about it.
    if (kind !== 'pipeline') expect(pageOfKind(kind)).toContain(`](../errors/${factsOf(kind).class}.md`);
  });

  test('does not explain a field that does not exist', () => {
    expect(unnamedEvidence([{ kind, evidence: { no_page_explains_this: 1 } }])).toEqual([
      `${kind}: no_page_explains_this`,
    ]);
  });

  // `play` fails when a report has evidence that no page explains, so each kind must be played by its own test.
  test('is compared with the reports in the test of the kind', () => {
    const file = path.join(root, `analyzers/kinds/${kind.replaceAll('_', '-')}.test.ts`);
    const files =
      kind === 'pipeline'
        ? ['standing', 'losses'].map((name) => path.join(root, `analyzers/kinds/pipeline/${name}.test.ts`))
        : [file];
    for (const one of files) {
      expect(existsSync(one), one).toBe(true);
      expect(readFileSync(one, 'utf8')).toMatch(
        kind === 'pipeline' ? /expectOwnPage\(/ : /tests\/fixtures\/play\.ts/,
      );
    }
  });
});
