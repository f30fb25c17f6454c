import { expect, test } from 'vitest';
import { countRow } from '../../../tests/fixtures/traffic.ts';
import { countView } from '../../count-view.ts';
import type { View } from '../../view.ts';
import { addAnswers, succeedsToo } from './key-course.ts';

const asked = { keys: ['k'], classes: ['incorrect_api_key'] };

/** One letter per interval of ten seconds: `s` a success, `r` a refusal, `b` both, `-` neither. */
function viewOf(letters: string): View {
  const rows = letters.split('').flatMap((letter, i) => {
    const row = { ts: i * 10, api_key: 'k' };
    return [
      ...('sb'.includes(letter) ? [countRow(row)] : []),
      ...('rb'.includes(letter) ? [countRow({ ...row, class: 'incorrect_api_key' })] : []),
    ];
  });
  const [org] = countView(rows).orgs.values();
  if (org === undefined) throw new Error('no rows');
  return org.between(0, Infinity);
}

test.each([
  ['only successes', 'sss', { last_success: 20, refused: 0, succeeded: 0 }],
  ['only refusals', 'rrr', { last_success: null, refused: 3, longest: 3 }],
  ['successes until the first refusal', 'ss-rrr', { last_success: 10, refused: 3, longest: 3 }],
  ['a success in the interval of the first refusal may come before it', 'brr', { succeeded: 0, longest: 3 }],
  ['a success in the interval of the last refusal may come after it', 'rrb', { succeeded: 0, longest: 3 }],
  ['a success between refusals', 'rrsrrr', { succeeded: 1, last_success: 20, run: 3, longest: 3 }],
  ['a success in an interval between refusals', 'rbr', { succeeded: 1, last_success: 10, run: 1 }],
  ['successes after the last refusal wait for another', 'srrsss', { last_success: 0, succeeded: 0 }],
] as const)('%s', (_name, letters, course) => {
  expect(addAnswers({}, viewOf(letters), asked)['k']).toMatchObject(course);
});

test('the same answers in two parts give the same course', () => {
  const view = viewOf('ssrbrssrrbs-rr');
  const inParts = addAnswers(addAnswers({}, view.between(0, 60), asked), view.between(60, 200), asked);
  expect(inParts).toEqual(addAnswers({}, view, asked));
});

test.each([
  ['never', 'sssrrrrrr', false],
  ['every third time', 'srrsrrsrrsrrs', true],
  ['once among few', 'rrsrrr', true],
  ['once, and then not any more', `rsr${'r'.repeat(40)}`, false],
  ['for a while at the beginning, and then never', `${'bb'.repeat(5)}${'r'.repeat(40)}`, false],
])('a refused key that succeeds %s', (_name, letters, answer) => {
  const { k: course } = addAnswers({}, viewOf(letters), asked);
  expect(course && succeedsToo(course)).toBe(answer);
});

test('a key that is called like a member of every object is a key like others', () => {
  expect(addAnswers({}, viewOf('sr'), { ...asked, keys: ['constructor'] })['constructor']).toMatchObject({
    refused: 0,
  });
});
