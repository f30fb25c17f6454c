import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { healthReasons } from './health.ts';
import { type Metric, metrics } from './metrics.ts';

const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
const rowsUnder = (heading: string): string[] =>
  (page.split(`\n## ${heading}\n`)[1] ?? '')
    .split('\n## ')[0]
    ?.split('\n')
    .filter((line) => line.startsWith('| `')) ?? [];

describe('docs/metrics.md', () => {
  it('has a row for each metric of the table, and no other', () => {
    expect(rowsUnder('Metrics')).toEqual(
      Object.entries<Metric>(metrics).map(([name, metric]) => row(name, metric)),
    );
  });

  it('explains each reason of health, and no other', () => {
    expect(rowsUnder('Health').map((line) => line.split('`')[3])).toEqual([...healthReasons]);
  });
});

describe('the table of metrics', () => {
  it.each(Object.entries<Metric>(metrics))(
    '%s has a name in the style of Prometheus',
    (name, { kind, buckets, labels }) => {
      expect(name).toMatch(/^faultline_[a-z]+(_[a-z]+)*$/);
      expect(name.endsWith('_total')).toBe(kind === 'counter');
      expect(buckets !== undefined).toBe(kind === 'histogram');
      expect([...(buckets ?? [])]).toEqual([...(buckets ?? [])].sort((a, b) => a - b));
      for (const values of Object.values(labels))
        if (values !== 'partitions') expect(new Set(values).size).toBe(values.length);
    },
  );
});

function row(name: string, { kind, labels, help }: Metric): string {
  const shown = Object.entries(labels).map(([label, values]) => {
    if (values === 'partitions') return `\`${label}\``;
    return values.length > 5 ? `\`${label}\`: closed list` : `\`${label}\`: ${values.join(', ')}`;
  });
  return `| \`${name}\` | ${kind} | ${shown.join(', ')} | ${help} |`;
}
