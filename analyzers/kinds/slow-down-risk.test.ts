import { describe, expect, test } from 'vitest';
import { play } from '../../tests/fixtures/play.ts';
import { START, type Stream, traffic } from '../../tests/fixtures/traffic.ts';
import { slowDownRisk } from './slow-down-risk.ts';

const at = (n: number): number => (START + n * 60) * 1000;
const detectors = [slowDownRisk];
/** 600 thousand input tokens a minute. */
const web: Stream = {
  from: 0,
  to: 120,
  per_minute: 300,
  project: 'shop',
  client: 'web',
  model: 'gpt-5',
  input_tokens: 2_000,
};
/**
 * A stream of 400 thousand input tokens a minute that grows `factor` times within five minutes and stays there for 20.
 */
const batch = (factor: number): Stream => ({
  ...web,
  project: 'docs',
  client: 'batch',
  model: 'gpt-5-mini',
  per_minute: (m) => (m < 60 || m >= 80 ? 200 : 200 + 200 * (factor - 1) * Math.min(1, (m - 60) / 5)),
});

describe('input tokens that grow from 1.0 to 1.8 million a minute', () => {
  const { incidents } = play(traffic([web, batch(3)]), { detectors });
  const [risk] = incidents;

  test('are one incident of the organization, found while they grow', () => {
    expect(incidents).toHaveLength(1);
    expect(risk?.scope).toEqual({ provider: 'openai', org: 'org-acme' });
    expect(Date.parse(risk?.detected_at ?? '')).toBeLessThan(at(66));
    expect(risk).toMatchObject({ state: 'resolved', severity: 'warning', verdict: { party: 'traffic' } });
  });

  test('say who drove them and which pace is safe', () => {
    expect(risk?.verdict.why).toContain('batch on gpt-5-mini');
    expect(risk?.evidence).toMatchObject({
      driving_clients: [expect.stringMatching(/^batch: /)],
      safe_input_tokens_per_minute: 1_500_000,
    });
  });
});

test('growth between 40 and 50 % is an incident of severity info', () => {
  const { incidents } = play(traffic([web, batch(2.15)]), { detectors });
  expect(incidents).toMatchObject([{ severity: 'info' }]);
});

test.each([
  ['growth of 30 %', [web, batch(1.75)]],
  ['threefold growth far below a million', [{ ...batch(3), input_tokens: 500 }]],
  ['traffic that has only just begun', [{ ...web, per_minute: 900, from: 0, to: 10 }]],
  ['the same traffic all the time', [web, batch(1)]],
])('%s: no incident', (_name, streams) => {
  expect(play(traffic(streams), { detectors }).incidents).toEqual([]);
});
