import { describe, expect, it } from 'vitest';
import { dropsFor } from './incomplete-parts.ts';

const add = (part: string, token: string): string => `1\t${part}\t${token}\n`;
const drop = (part: string, token: string): string => `2\t${part}\t${token}\n`;

describe('the tokens of a part that was set aside', () => {
  it.each([
    ['the part’s own token', add('all_1_1_0', 'a') + add('all_2_2_0', 'b'), drop('all_2_2_0', 'b')],
    [
      'every token of the part',
      add('all_2_2_0', 'a') + add('all_2_2_0', 'b'),
      drop('all_2_2_0', 'a') + drop('all_2_2_0', 'b'),
    ],
    ['nothing when the token was dropped before', add('all_2_2_0', 'b') + drop('all_2_2_0', 'b'), ''],
    [
      'nothing when the token came again with another part',
      add('all_2_2_0', 'b') + drop('all_2_2_0', 'b') + add('all_3_3_0', 'b'),
      '',
    ],
    ['nothing when the part has no token', add('all_1_1_0', 'a'), ''],
    ['nothing of a part whose name begins alike', add('all_2_2_0_7', 'a') + add('all_22_22_0', 'b'), ''],
    ['nothing of an empty log', '', ''],
    ['the token before a line that ends early', `${add('all_2_2_0', 'b')}1\tall_3`, drop('all_2_2_0', 'b')],
  ])('%s', (_fact, log, lines) => {
    expect(dropsFor(log, 'all_2_2_0')).toBe(lines);
  });
});
