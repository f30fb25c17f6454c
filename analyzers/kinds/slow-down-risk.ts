import { z } from 'zod';
import { requestClassNames } from '../../domain/error-class.ts';
import type { AnalyzerSettings } from '../detector.ts';
import { type GrowthDriver, growthBy } from '../growth-by.ts';
import { detectorOf } from '../kind.ts';
import { ramp } from '../levels/ramp.ts';
import { describeScope } from '../narrow-scope.ts';
import { clock, remedyOf, round } from '../report.ts';
import type { Matching } from '../view.ts';

type RiskSettings = AnalyzerSettings['slow_down_risk'];

/** The warning comes before anything fails, so all requests count as matching. */
const matching: Matching = { classes: requestClassNames, measure: 'requests' };
/**
 * The present is compared with the rate this many seconds ago, because the provider compares with a quarter of an hour
 * before.
 */
const AGO_SECONDS = 900;
const driver = z.object({ name: z.string(), before: z.number(), now: z.number() });
const tokens = (row: { input_tokens: number }): number => row.input_tokens;

/** Input tokens grow faster than the provider accepts: the provider will soon answer Slow Down. */
export const slowDownRisk = detectorOf({
  kind: 'slow_down_risk',
  settings: (all: AnalyzerSettings) => all.slow_down_risk,
  candidates: 'traffic',
  matching,
  reads: ({ window_seconds }) => ({
    by: ['project', 'client', 'model'],
    fine: AGO_SECONDS + 3 * window_seconds,
  }),
  ...ramp<RiskSettings>({
    amount: 'input_tokens',
    ago: () => AGO_SECONDS,
    growth: ({ warn_growth: growth }) => growth,
    floor: ({ tokens_per_minute: floor }) => floor,
  }),
  look: (_since, whole) => ({ scope: whole }),
  memory: z.object({
    before: z.number(),
    peak: z.number(),
    present: z.number(),
    clients: z.array(driver),
    models: z.array(driver),
    projects: z.array(driver),
  }),
  remember({ previous, judged, last, view, now, settings }) {
    const { window_seconds: seconds } = settings;
    const seen = { present: judged.present, peak: Math.max(judged.present, previous?.peak ?? 0) };
    // The callers that grew are looked for only while the traffic grows: after that, the time of comparison already
    // contains part of the growth.
    if (previous !== null && judged.present <= previous.peak) return { ...previous, ...seen };
    const then = now - AGO_SECONDS;
    const spans = { before: view.between(then - seconds, then), now: last(seconds), seconds };
    const most = (dimension: 'client' | 'model' | 'project'): GrowthDriver[] =>
      growthBy(dimension, tokens, spans).slice(0, 5);
    return {
      ...seen,
      before: previous?.before ?? judged.before,
      clients: most('client'),
      models: most('model'),
      projects: most('project'),
    };
  },
  severity: ({ memory, settings }) =>
    memory.peak >= memory.before * (1 + settings.growth) ? 'warning' : 'info',
  report({ scope, memory, settings, started_at: startedAt, now }) {
    const { before, peak, present, clients, models } = memory;
    const safe = Math.max(settings.tokens_per_minute, before * (1 + settings.growth));
    const [client] = clients;
    const [model] = models;
    const drivers = [client, model].flatMap((one) => (one === undefined ? [] : [one.name]));
    const from = drivers.length === 0 ? '' : ` Most of it came from ${drivers.join(' on ')}.`;
    const remedy = remedyOf('slow_down', [
      `Keep the organization under ${millions(safe)} input tokens/min for the next 15 minutes (at present ${millions(present)}).`,
      client === undefined
        ? 'Find the job that grew, and raise it in steps.'
        : `Raise ${client.name} in steps of at most ${Math.round(settings.growth * 100)} % per 15 minutes.`,
      'Spread batch jobs over time, or move them to the Batch API.',
    ]);
    return {
      summary: `Slow Down is near for ${describeScope(scope)}: input tokens grew from ${millions(before)} to ${millions(peak)} a minute within 15 minutes.`,
      verdict: {
        party: 'traffic',
        why: `Since ${clock(startedAt, now)} callers have sent up to ${round(peak / Math.max(1, before))} times as many input tokens as 15 minutes earlier; above ${millions(settings.tokens_per_minute)} a minute, the provider refuses growth of more than 50 % in 15 minutes.${from}`,
      },
      evidence: {
        input_tokens_per_minute_before: Math.round(before),
        input_tokens_per_minute: Math.round(present),
        peak_input_tokens_per_minute: Math.round(peak),
        growth_ratio: round(peak / Math.max(1, before)),
        safe_input_tokens_per_minute: Math.round(safe),
        driving_clients: named(clients),
        driving_models: named(models),
        driving_projects: named(memory.projects),
      },
      remedy: client === undefined ? remedy : { ...remedy, owner: `owner of ${client.name}` },
    };
  },
});

function named(drivers: readonly GrowthDriver[]): string[] {
  return drivers
    .filter((one) => one.now > one.before)
    .map((one) => `${one.name}: ${Math.round(one.before)} to ${Math.round(one.now)}/min`);
}

function millions(tokens: number): string {
  return `${Math.round(tokens / 10_000) / 100} M`;
}
