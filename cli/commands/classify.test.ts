import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { classifyCommand } from './classify.ts';

async function answersTo(...chunks: (string | Buffer)[]): Promise<Record<string, unknown>[]> {
  const lines: string[] = [];
  const code = await classifyCommand(Readable.from(chunks), (line) => {
    lines.push(line);
  });
  expect(code).toBe(0);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('classify', () => {
  test('answers each line in order, with the agreed fields', async () => {
    const answers = await answersTo(
      '{"id":"a","status":503,"body":{"error":{"code":"slow_down"}}}\n{"id":7,"status":429,"error":"You exceeded your current quota"}\n',
    );
    expect(answers).toEqual([
      {
        id: 'a',
        class: 'slow_down',
        rule: 'code.slow_down',
        retry: 'after_wait',
        fault: 'traffic',
        subclass: '',
      },
      {
        id: 7,
        class: 'quota_exceeded',
        rule: 'text.quota_sentence',
        retry: 'no',
        fault: 'account',
        subclass: '',
      },
    ]);
  });

  test.each([
    ['no JSON', 'nope', { error: 'the line is not JSON' }],
    ['a list', '[1]', { error: 'expected a JSON object with status, body or error' }],
    ['null', 'null', { error: 'expected a JSON object with status, body or error' }],
    ['nothing to judge', '{"id":1}', { id: 1, error: 'expected a status, a body, an error or an exception' }],
    ['a wrong status', '{"id":2,"status":"many"}', { id: 2, error: 'status must be an HTTP status or null' }],
    ['wrong headers', '{"status":429,"headers":"x"}', { error: 'headers must be an object' }],
    ['a wrong exception', '{"exception":5}', { error: 'exception must be a text' }],
    ['a wrong provider', '{"status":429,"provider":5}', { error: 'provider must be a text' }],
    ['a body that is a number', '{"body":5}', { error: 'body must be a text, an object or a list' }],
  ])('answers %s with an error and continues', async (_name, line, expected) => {
    const [first, second, ...rest] = await answersTo(`${line}\n{"id":"next","status":500}\n`);
    expect(first).toEqual(expected);
    expect(second).toMatchObject({ id: 'next', class: 'server_error' });
    expect(rest).toEqual([]);
  });

  test('never repeats the text of a bad line', async () => {
    expect(JSON.stringify(await answersTo('sk-proj-secret {"status":1\n'))).not.toContain('secret');
  });

  test('skips empty lines, and accepts CRLF and a last line without a line end', async () => {
    const answers = await answersTo('\n  \n{"id":1,"status":404}\r\n\r\n{"id":2,"status":200}');
    expect(answers).toMatchObject([
      { id: 1, class: 'not_found' },
      { id: 2, class: 'ok' },
    ]);
  });

  test('reads characters and lines that are divided between chunks', async () => {
    const bytes = Buffer.from(
      '{"id":"ü","status":429,"body":"当前分组上游负载已饱和"}\n{"id":2,"status":402}\n',
    );
    const answers = await answersTo(...Array.from(bytes, (byte) => Buffer.from([byte])));
    expect(answers).toMatchObject([
      { id: 'ü', class: 'engine_overloaded' },
      { id: 2, class: 'quota_exceeded' },
    ]);
  });

  test('reads header names in any case, a status that is a string, an exception', async () => {
    const answers = await answersTo(
      '{"status":"500","headers":{"X-Should-Retry":"false"}}\n{"exception":"openai.APITimeoutError"}\n',
    );
    expect(answers).toMatchObject([{ class: 'server_error', retry: 'no' }, { class: 'timeout' }]);
  });

  test('answers a line over the limit without keeping it in memory', async () => {
    const part = 'x'.repeat(1024 * 1024);
    const answers = await answersTo(...Array.from({ length: 18 }, () => part), '\n{"id":1,"status":429}\n');
    expect(answers).toMatchObject([
      { error: expect.stringContaining('over') },
      { id: 1, class: 'rate_limit' },
    ]);
  });

  test('waits for a slow reader before it continues', async () => {
    let taken = 0;
    let written = 0;
    async function* source(): AsyncGenerator<string> {
      for (; taken < 50; taken++) yield '{"status":429}\n';
    }
    await classifyCommand(source(), async () => {
      expect(taken - written).toBeLessThanOrEqual(1);
      await Promise.resolve();
      written++;
    });
    expect(written).toBe(50);
  });
});
