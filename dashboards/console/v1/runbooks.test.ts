import { expect, test } from 'vitest';
import { errorClassNames } from '../../../domain/error-class.ts';
import { incidentKindNames } from '../../../domain/incident-kind.ts';
import { readClass, readKind } from './catalogue.ts';
import { readRunbook } from './runbooks.ts';

test.each(errorClassNames)('class %s has its page', async (name) => {
  expect((await readClass(name)).page).toMatch(/^# /);
});

test.each(incidentKindNames)('kind %s has its page', async (name) => {
  expect((await readKind(name)).page).toMatch(new RegExp(`^# ${name}\\n`));
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
