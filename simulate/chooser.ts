import type { Random } from './random.ts';

/** Sum of the weights. */
export function weightOf(rows: readonly { weight: number }[]): number {
  return rows.reduce((sum, row) => sum + row.weight, 0);
}

/** Returns a function that picks rows in proportion to their weights, in constant time (alias method). */
export function chooser<T extends { weight: number }>(rows: readonly T[], random: Random): () => T {
  const total = weightOf(rows);
  const chance = rows.map((row) => (row.weight * rows.length) / total);
  const alias = rows.map((_, i) => i);
  const small = chance.flatMap((p, i) => (p < 1 ? [i] : []));
  const large = chance.flatMap((p, i) => (p < 1 ? [] : [i]));
  for (let s = small.pop(), l = large.pop(); s !== undefined && l !== undefined; s = small.pop()) {
    alias[s] = l;
    const rest = (chance[l] ?? 0) + (chance[s] ?? 0) - 1;
    chance[l] = rest;
    if (rest < 1) {
      small.push(l);
      l = large.pop();
    }
  }
  return () => {
    const i = random.below(rows.length);
    const row = rows[random.next() < (chance[i] ?? 1) ? i : (alias[i] ?? i)];
    if (row === undefined) throw new RangeError('chooser: no rows to choose from');
    return row;
  };
}
