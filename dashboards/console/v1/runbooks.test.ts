import { expect, test } from 'vitest';
import { errorClassNames } from '../../../domain/error-class.ts';
import { incidentKindNames } from '../../../domain/incident-kind.ts';
import { readClass, readKind } from './catalogue.ts';
import { readRunbook, sectionOf } from './runbooks.ts';

test.each(errorClassNames)('class %s has its page', async (name) => {
  expect((await readClass(name)).page).toMatch(/^# /);
});

test.each(incidentKindNames)('kind %s has a page or a section of one', async (name) => {
  expect((await readKind(name)).page).toMatch(/^#+ /);
});

test.each(['../../package', 'constructor', '', 'slow_down/../x'])(
  '%j is neither class nor kind',
  async (name) => {
    await expect(readClass(name)).rejects.toThrow('/api/v1/classes lists them');
    await expect(readKind(name)).rejects.toThrow('/api/v1/kinds lists them');
  },
);

test('a page that is not installed is null', async () => {
  expect(await readRunbook('errors/none.md')).toBeNull();
  expect(await readRunbook('')).toBeNull();
});

const page = '# All\n\n## One thing\n\ntext\n\n### Part\n\nmore\n\n## Other\n';

test('a section ends at the next heading of its level or above', () => {
  expect(sectionOf(page, 'one-thing')).toBe('## One thing\n\ntext\n\n### Part\n\nmore');
  expect(sectionOf(page, 'other')).toBe('## Other');
});

test('without the heading, the whole page is returned', () => {
  expect(sectionOf(page, 'gone')).toBe(page);
});
