import { expect, test } from 'vitest';
import { exceptionText, statusOf, toException } from './exception.ts';

test.each([
  [60, 404],
  [81, 404],
  [62, 400],
  [27, 400],
  [516, 403],
  [194, 401],
  [229, 413],
  [48, 501],
  [159, 408],
  [164, 500],
  [241, 500],
])('code %i has status %i', (code, status) => {
  expect(statusOf(code)).toBe(status);
});

test('an error of the engine keeps its code, text and name', () => {
  const error = new Error('Code: 60. DB::Exception: Table f.x (of\nlines) does not exist. (UNKNOWN_TABLE)');
  const exception = toException(error);
  expect(exception).toMatchObject({ code: 60, label: 'UNKNOWN_TABLE', status: 404 });
  expect(exceptionText(exception, '26.7.2.1')).toBe(
    'Code: 60. DB::Exception: Table f.x (of\nlines) does not exist. (UNKNOWN_TABLE) (version 26.7.2.1 (official build))\n',
  );
});

test('an error of the engine without a name keeps its code', () => {
  expect(toException(new Error('Code: 27. DB::Exception: Cannot parse'))).toMatchObject({
    code: 27,
    label: '',
  });
});

test('any other error is a standard exception with status 500', () => {
  expect(toException(new Error('boom'))).toMatchObject({ code: 1001, status: 500, message: 'boom' });
  expect(toException('boom')).toMatchObject({ code: 1001, message: 'boom' });
});
