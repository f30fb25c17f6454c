import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPainter } from './color.ts';
import { toCsv } from '../../domain/csv.ts';
import { sparkline } from './sparkline.ts';
import { type TableColumn, formatTable } from './table.ts';
import { clip, printable, textWidth, wrap } from './text.ts';

const plain = createPainter(false);
const columns: TableColumn[] = [
  { title: 'model', shrinkTo: 6 },
  { title: 'errors', align: 'right' },
  { title: 'meaning', optional: true },
];
const rows = [
  [{ text: 'gpt-5-mini-2026' }, { text: '1,200' }, { text: 'Slow Down' }],
  [{ text: '日本語モデル' }, { text: '7' }, { text: '' }],
];

describe('a table', () => {
  it('aligns columns, numbers to the right, wide characters by their width', () => {
    expect(formatTable(columns, rows, 80, plain)).toEqual([
      'model            errors  meaning',
      'gpt-5-mini-2026   1,200  Slow Down',
      '日本語モデル          7',
    ]);
  });

  it('first drops optional columns, then cuts columns that may shrink', () => {
    expect(formatTable(columns, rows, 18, plain)).toEqual([
      'model       errors',
      'gpt-5-min…   1,200',
      '日本語モ…        7',
    ]);
  });

  it('draws a chart again for a smaller width, and does not cut it', () => {
    const chart = { text: '12345678', fit: (width: number) => 'x'.repeat(width) };
    expect(formatTable([{ title: 'c', shrinkTo: 4 }], [[chart]], 5, plain)).toEqual(['c', 'xxxxx']);
  });

  it('lets no control character through', () => {
    const [, line] = formatTable([{ title: 'c' }], [[{ text: 'a\u001B[31mb\r\n\u202Ec' }]], 80, plain);
    expect(line).toBe('a�[31mb���c');
  });

  it('is never wider than the terminal when its columns may shrink', () => {
    const cell = fc.string({ unit: 'grapheme', maxLength: 30 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, cell), { maxLength: 5 }),
        fc.integer({ min: 12, max: 60 }),
        (cells, width) => {
          const shrinking = [
            { title: 'one', shrinkTo: 4 },
            { title: 'two', shrinkTo: 4 },
          ];
          const lines = formatTable(
            shrinking,
            cells.map(([a, b]) => [{ text: a }, { text: b }]),
            width,
            plain,
          );
          for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(width);
        },
      ),
    );
  });

  it('has colours only on request', () => {
    expect(createPainter(true)('x', 'red')).toBe('\u001B[31mx\u001B[39m');
    expect(plain('x', 'red')).toBe('x');
  });
});

describe('texts', () => {
  it('are cut with an ellipsis', () => {
    expect(clip('abcdef', 4)).toBe('abc…');
    expect(clip('日本語', 4)).toBe('日…');
    expect(clip('abc', 3)).toBe('abc');
  });

  it('are wrapped at spaces', () => expect(wrap('one two  three', 7)).toEqual(['one two', 'three']));

  it('keep letters of every script', () => expect(printable('é 日 🚦 ß')).toBe('é 日 🚦 ß'));
});

describe('a sparkline', () => {
  it.each([
    ['zero lowest and the peak highest', [0, 1, 2, 3, 4, 5, 6, 7], '▁▂▃▄▅▆▇█'],
    ['a single error among thousands above zero', [0, 1, 5_000], '▁▂█'],
    ['values that are all zero as the lowest bar', [0, 0], '▁▁'],
    ['unknown as a gap', [1, null, 1], '█ █'],
  ])('shows %s', (_name, values, text) => expect(sparkline(values, 40)).toBe(text));

  it('has at most as many characters as asked for', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(), { minLength: 1, maxLength: 200 }),
        fc.integer({ min: 1, max: 60 }),
        (values, width) => {
          expect(sparkline(values, width)).toHaveLength(Math.min(values.length, width));
        },
      ),
    );
  });
});

describe('CSV', () => {
  it('quotes what must be quoted, ends lines with CRLF, and leaves unknown empty', () => {
    expect(
      toCsv(
        ['a', 'b'],
        [
          ['x,y', 'he said "no"'],
          ['two\nlines', null],
          [' padded', 1.5],
        ],
      ),
    ).toBe('a,b\r\n"x,y","he said ""no"""\r\n"two\nlines",\r\n" padded",1.5\r\n');
  });

  it('can be read back', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.string(), { minLength: 2, maxLength: 2 })), (rows) => {
        expect(readCsv(toCsv(['a', 'b'], rows))).toEqual([['a', 'b'], ...rows]);
      }),
    );
  });
});

/** Reads CSV as RFC 4180 defines it. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  let field = '';
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i] ?? '';
    if (quoted && character === '"' && text[i + 1] === '"') {
      field += '"';
      i++;
    } else if (character === '"') quoted = !quoted;
    else if (!quoted && character === ',') {
      rows.at(-1)?.push(field);
      field = '';
    } else if (!quoted && character === '\r' && text[i + 1] === '\n') {
      rows.at(-1)?.push(field);
      field = '';
      rows.push([]);
      i++;
    } else field += character;
  }
  return rows.slice(0, -1);
}
