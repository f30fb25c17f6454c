import { expect, test } from 'vitest';
import { createAnalyzerHealth } from './analyzer-health.ts';

test('analyzers are degraded when evaluations fail, not ready after two minutes, and ok after the next success', () => {
  let now = 5_000;
  const health = createAnalyzerHealth({ reasons: () => [], text: async () => '' }, () => now);
  const seen: string[] = [];
  const look = (afterMs: number): void => {
    now += afterMs;
    const { state, reasons } = health.health();
    seen.push(`${state} ${reasons.map(({ detail }) => detail).join()}`.trim());
  };
  look(0);
  health.evaluated(null);
  look(600_000);
  health.evaluated(new Error('away'));
  look(10_000);
  health.evaluated(new Error('away'));
  look(110_001);
  health.evaluated(null);
  look(0);
  health.evaluated(new Error('away'));
  look(1_000);
  expect(seen).toEqual([
    'not_ready nothing has been evaluated yet',
    'ok',
    'degraded no evaluation has succeeded for 10 s',
    'not_ready no evaluation has succeeded for 120 s',
    'ok',
    'degraded no evaluation has succeeded for 1 s',
  ]);
});
