import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { errorClasses, errorClassNames } from '../../../domain/error-class.ts';
import { toNormalForm } from '../engine/normal-form.ts';
import { ruleIdsByClass } from '../rule-ids.ts';
import { orderedRules } from './ordered-rules.ts';
import { scanText } from '../engine/scan.ts';

const docs = new URL('../../../docs/errors/', import.meta.url);

describe('rules', () => {
  test('an id gives one class', () => {
    const classes = new Map(orderedRules.map((rule) => [rule.id, rule.class]));
    expect(orderedRules.filter((rule) => classes.get(rule.id) !== rule.class)).toEqual([]);
  });

  test('phrases are in normal form and occur once in a rule', () => {
    for (const { id, phrases } of orderedRules) {
      expect([id, phrases.map(toNormalForm)]).toEqual([id, phrases]);
      expect([id, new Set(phrases).size]).toEqual([id, phrases.length]);
    }
  });

  test('every unconditional sentence is found: plain, in capitals, escaped and wrapped', () => {
    const sentences = orderedRules.filter(
      (rule) =>
        rule.stage === 'sentence' &&
        rule.code === undefined &&
        rule.near === undefined &&
        rule.far === undefined,
    );
    for (const rule of sentences) {
      for (const phrase of rule.phrases) {
        const shapes = [
          phrase,
          phrase.toUpperCase(),
          phrase.replaceAll("'", '\\"'),
          phrase.replaceAll(' ', '\n    │ '),
        ];
        for (const text of shapes) {
          const findings = scanText(`x ${text} x`, false);
          expect([text, Array.from(findings.rules.slice(0, findings.count))]).toEqual([
            text,
            expect.arrayContaining([rule.order]),
          ]);
        }
      }
    }
  });
});

describe('docs/errors', () => {
  test('there is a page for each class and no other', () => {
    const pages = readdirSync(docs).filter((name) => name !== 'README.md');
    expect(pages.sort()).toEqual(errorClassNames.map((name) => `${name}.md`).sort());
  });

  test.each(errorClassNames.map((name) => [name]))('the page of %s agrees with the table', (name) => {
    const page = readFileSync(new URL(`${name}.md`, docs), 'utf8');
    const facts = errorClasses[name];
    expect(page.startsWith(`# ${facts.title}\n\n\`${name}\`: `)).toBe(true);
    expect(page).toContain(`| guide | ${facts.guide ?? '–'} |`);
    expect(page).toContain(`| fault | ${facts.fault} |`);
    expect(page).toContain(`| retry | ${facts.retry} |`);
    expect(page).toContain(`| owner | ${facts.owner} |`);
    const steps = /## Do this\n\n((?:\d+\. .*\n)+)/.exec(page)?.[1]?.trimEnd().split('\n') ?? [];
    expect(steps).toEqual(facts.remedy.map((step, index) => `${index + 1}. ${step}`));
    const rules = /## Rules\n\n(.*)\n/.exec(page)?.[1]?.split(', ') ?? [];
    expect(rules).toEqual(
      ruleIdsByClass()
        .get(name)
        ?.map((id) => `\`${id}\``),
    );
  });
});
