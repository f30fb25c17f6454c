import type { ErrorClass } from '../../domain/error-class.ts';
import type { SimulatedFault, Scenario } from '../scenario.ts';
import { EVENT_AT, HOUR, MINUTE, OPENAI, twoHours } from './two-hours.ts';

const ILL: [ErrorClass, ...ErrorClass[]] = ['server_error', 'engine_overloaded'];

function outage(fault: Partial<SimulatedFault>): SimulatedFault {
  return {
    kind: 'fault',
    where: { provider: 'openai' },
    after_ms: EVENT_AT,
    lasts_ms: 20 * MINUTE,
    share: 0.6,
    classes: ILL,
    truth: { kind: 'provider_outage', party: 'provider' },
    ...fault,
  };
}

/** Trouble at the provider or on the way to the provider, and traffic that only looks like such trouble. */
export const providerScenarios: readonly Scenario[] = [
  twoHours('outage-provider', 'Three of five requests to one provider fail, whatever the model.', [
    outage({}),
  ]),
  twoHours('outage-model', 'One model fails; the others of the provider do not.', [
    outage({ where: { provider: 'openai', model: 'gpt-5-mini' } }),
  ]),
  twoHours('outage-region', 'Connections from one region break, to every provider.', [
    outage({
      where: { region: 'eu-west-1' },
      classes: ['connection', 'timeout'],
      truth: { kind: 'provider_outage', party: 'network' },
    }),
  ]),
  twoHours('outage-overloaded', 'A model is overloaded: a quarter of its requests are refused for an hour.', [
    outage({
      where: { provider: 'openai', model: 'gpt-5' },
      classes: ['engine_overloaded'],
      share: 0.25,
      lasts_ms: 50 * MINUTE,
    }),
  ]),
  twoHours(
    'outage-slow',
    'One request in twelve fails at one provider for three hours.',
    [outage({ share: 0.08, lasts_ms: 3 * HOUR })],
    { duration_ms: 5 * HOUR },
  ),
  {
    ...twoHours('outage-leak', 'Failures rise from 0.5 to 3 % and stay there for a day and a half.', [
      outage({ share: 0.025, after_ms: 74 * HOUR, lasts_ms: 36 * HOUR }),
    ]),
    duration_ms: 110 * HOUR,
    requests_per_second: 0.5,
    diurnal: true,
  },
  twoHours(
    'outage-flapping',
    'A provider fails for three minutes, four times, with three good ones between.',
    [0, 6, 12, 18].map((minute, i) =>
      outage({
        after_ms: EVENT_AT + minute * MINUTE,
        lasts_ms: 3 * MINUTE,
        // An incident that is opened again still counts as one incident, so only the first of these events has to be
        // found.
        truth: i === 0 ? { kind: 'provider_outage', party: 'provider' } : null,
      }),
    ),
  ),
  twoHours(
    'outage-small',
    'An outage as seen by a company that sends ten requests a minute.',
    [outage({ share: 0.9 })],
    {
      requests_per_second: 10 / 60,
    },
  ),
  twoHours('outage-of-neighbour', 'Anthropic fails; it is a small part of the traffic.', [
    outage({ where: { provider: 'anthropic' }, share: 0.8, lasts_ms: 40 * MINUTE }),
  ]),
  twoHours('blip', 'For twenty seconds a tenth of the requests fail: no incident.', [
    outage({ share: 0.1, lasts_ms: 20_000, truth: null }),
  ]),
  twoHours('outage-and-quota', 'An outage of one provider while a project of another has spent its limit.', [
    outage({ where: { provider: 'anthropic' }, share: 0.9, lasts_ms: 40 * MINUTE }),
    {
      kind: 'quota_exhausted',
      where: { ...OPENAI, project: 'proj_assistant' },
      after_ms: EVENT_AT + 5 * MINUTE,
      lasts_ms: 30 * MINUTE,
      subclass: 'project_spend_limit',
    },
  ]),
];
