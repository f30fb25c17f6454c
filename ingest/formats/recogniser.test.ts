import { describe, expect, it } from 'vitest';
import { readPreset } from './presets/presets.ts';
import { recogniser } from './recogniser.ts';

const preset = (name: string, recognise: string) =>
  readPreset(name, `about: x\nrecognise: ${recognise}\nts: $.t\nstatus: $.s`);
const found = (message: Record<string, unknown>, ...written: [string, string][]): string[] =>
  [...recogniser(written.map(([name, recognise]) => preset(name, recognise)))(message)].map(
    ({ name }) => name,
  );

describe('recogniser', () => {
  it('finds the presets whose conditions hold', () => {
    expect(found({ a: 1 }, ['a', '{$.a: present}'], ['b', '{$.b: present}'])).toEqual(['a']);
    expect(found({ a: '-' }, ['a', '{$.a: present}'])).toEqual([]);
  });

  it('puts presets with more conditions first, then sorts by name', () => {
    const message = { a: 1, b: 2 };
    expect(found(message, ['y', '{$.a: 1}'], ['x', '{$.a: 1}'], ['z', '{$.a: 1, $.b: 2}'])).toEqual([
      'z',
      'x',
      'y',
    ]);
  });

  it('accepts any of several groups, and returns the preset once', () => {
    expect(found({ a: 1, b: 2 }, ['x', '[{$.a: 1}, {$.b: 2}]'])).toEqual(['x']);
    expect(found({ b: 2 }, ['x', '[{$.a: 1}, {$.b: 2}]'])).toEqual(['x']);
  });

  it('recognises a preset by the absence of a member', () => {
    expect(found({ c: 1 }, ['x', '{$.a: absent}'], ['y', '{$.c: {not: 2}}'])).toEqual(['x', 'y']);
  });

  it('stops at a message without the member that the fewest presets need', () => {
    const touched: string[] = [];
    const message = new Proxy<Record<string, unknown>>(
      { common: { deep: 1 } },
      {
        get: (target, name) => {
          touched.push(String(name));
          return target[String(name)];
        },
      },
    );
    const presets = Array.from({ length: 30 }, (_, i): [string, string] => [
      `p${i}`,
      `{$.common.deep: 1, $.own${i}: present}`,
    ]);
    expect(found(message, ...presets)).toEqual([]);
    expect(touched).toHaveLength(30);
    expect(touched).not.toContain('common');
  });
});
