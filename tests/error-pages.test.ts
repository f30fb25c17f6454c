import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { runbookUrl } from '../dashboards/docs-url.ts';
import { factsOf, incidentKindNames } from '../domain/incident-kind.ts';
import type { ClassifierInput } from '../domain/classification.ts';
import { errorClasses, type ErrorClass, errorClassNames } from '../domain/error-class.ts';
import { classify } from '../ingest/classify/classify.ts';
import { ruleIdsByClass } from '../ingest/classify/rule-ids.ts';

const root = path.resolve(import.meta.dirname, '..');
const index = readText('docs/errors/README.md');
const rules = ruleIdsByClass();

describe('error pages and the table of classes', () => {
  test('every class has a page, and every page has a class', () => {
    const pages = readdirSync(path.join(root, 'docs/errors')).filter((file) => file !== 'README.md');
    expect(pages.toSorted()).toEqual(errorClassNames.map((name) => `${name}.md`).toSorted());
  });

  test('the index lists every class in order, with the texts of the table', () => {
    const rows = index.split('\n').filter((line) => line.startsWith('| ['));
    expect(rows.map(cellsOf)).toEqual(
      errorClassNames.map((name) => {
        const { guide, fault, retry } = errorClasses[name];
        return [`[${name}](${name}.md)`, guide ?? '–', fault, retry];
      }),
    );
  });

  test.each(incidentKindNames)('the class of an incident %s leads to a page', (kind) => {
    expect(existsSync(path.join(root, runbookUrl('docs', factsOf(kind).class)))).toBe(true);
  });
});

describe.each(errorClassNames)('the page of %s', (name) => {
  // Read in each test, so that a missing page fails by its name instead of failing the whole file.
  const readPage = () => readText(`docs/errors/${name}.md`);
  const facts = errorClasses[name];

  test('has the title of the table and names the class', () => {
    expect(readPage().split('\n', 1)).toEqual([`# ${facts.title}`]);
    expect(readPage()).toContain(`\`${name}\``);
  });

  test('has guide row, fault, retry and owner of the table', () => {
    const rows = readPage()
      .split('\n')
      .filter((line) => line.startsWith('| '));
    const { guide, fault, retry, owner } = facts;
    expect(Object.fromEntries(rows.map(cellsOf))).toMatchObject({ guide: guide ?? '–', fault, retry, owner });
  });

  test('has the remedy of the table as its steps, word for word', () => {
    const steps = readPage().match(/(?<=^\d+\. ).+$/gm);
    expect(steps).toEqual(facts.remedy);
  });

  test('lists the rules that give the class', () => {
    const listed = sectionOf(readPage(), 'Rules').match(/(?<=`)[\w.]+(?=`)/g);
    expect(listed).toEqual(rules.get(name));
  });

  test('shows examples that the classifier gives this class', () => {
    const examples = examplesOf(readPage());
    expect(examples.length).toBeGreaterThan(0);
    expect(examples.filter((text) => classOf(text) !== name)).toEqual([]);
  });

  test('separates similar classes, with a link to another class', () => {
    const links = linksOf(sectionOf(readPage(), 'Not to be confused with'));
    expect(links.length).toBeGreaterThan(0);
    expect(links).not.toContain(`${name}.md`);
  });
});

describe('the links of all pages', () => {
  const pages = listFiles('*.md');

  test('there are pages, and they have links', () => {
    expect(pages).toEqual(expect.arrayContaining(['README.md', 'CONTRIBUTING.md', 'docs/commands.md']));
    expect(pages.flatMap((page) => linksOf(readText(page))).length).toBeGreaterThan(50);
  });

  test.each(pages)('%s: each link leads to a file that exists, and to a heading in it', (page) => {
    expect(linksOf(readText(page)).filter((link) => !resolves(page, link))).toEqual([]);
  });

  test('page names in code belong to files', () => {
    const sources = listFiles('*.ts').filter(
      (file) => !file.startsWith('tests/') && !file.includes('.test.'),
    );
    const named = sources.flatMap(
      (file) => readText(file).match(/(?<=['"`])docs\/[\w/-]+\.md(?=['"`])/g) ?? [],
    );
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
  });
});

/**
 * True for an outside address, and for a file of the repository that exists, with its heading if the link names one.
 */
function resolves(page: string, link: string): boolean {
  if (/^[a-z][a-z+.-]*:/.test(link)) return true;
  const [file = '', heading] = link.split('#');
  const target = file === '' ? page : path.join(path.dirname(page), decodeURI(file));
  if (target.startsWith('..') || !existsSync(path.join(root, target))) return false;
  return heading === undefined || headingsOf(readText(target)).includes(heading);
}

/** Targets of links and images, inline and by reference; code contains no links. */
function linksOf(markdown: string): string[] {
  const prose = withoutBlocks(markdown).replaceAll(/`[^`\n]*`/g, '');
  const found = prose.matchAll(
    /\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*<?([^\s>]+)|(?:src|href)="([^"]+)"/gm,
  );
  return [...found].map(([, inline, reference, html]) => inline ?? reference ?? html ?? '');
}

/** Names of headings in links, as Git hosts make them. */
function headingsOf(markdown: string): string[] {
  const headings = withoutBlocks(markdown).match(/(?<=^#{1,6} ).+$/gm) ?? [];
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function withoutBlocks(markdown: string): string {
  return markdown.replaceAll(/^```[\s\S]*?^```/gm, '');
}

/** The text below a heading of the second level, up to the next one. */
function sectionOf(page: string, heading: string): string {
  return page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
}

function examplesOf(page: string): string[] {
  return (page.split('\n```')[1] ?? '').split('\n').filter((line) => line !== '');
}

function cellsOf(row: string): string[] {
  return row
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}

function classOf(error: string): ErrorClass | 'ok' {
  const input: ClassifierInput = { provider: '', status: 0, error, exception: '', headers: null };
  return classify(input).class;
}

function listFiles(pattern: string): string[] {
  const arguments_ = ['ls-files', '--cached', '--others', '--exclude-standard', pattern];
  return execFileSync('git', arguments_, { cwd: root, encoding: 'utf8' })
    .split('\n')
    .filter((file) => file !== '' && existsSync(path.join(root, file)));
}

function readText(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}
