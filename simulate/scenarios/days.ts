import type { Exhaustion, Scenario, Surge } from '../scenario.ts';
import { ASSISTANT, DOCUMENTS, harborline, ORG } from './harborline.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** About 1.5 % of requests fail for many reasons; none of them is an incident. */
const background: Scenario['background'] = {
  rate_limit: 0.004,
  bad_request: 0.003,
  server_error: 0.002,
  timeout: 0.002,
  connection: 0.001_2,
  engine_overloaded: 0.000_6,
  not_found: 0.000_6,
  slow_down: 0.000_3,
  conflict: 0.000_2,
  unprocessable: 0.000_2,
  permission_denied: 0.000_1,
  invalid_authentication: 0.000_05,
  other: 0.000_05,
};

export const calmDay: Scenario = {
  name: 'calm-day',
  title: 'A working day with ordinary errors of many classes and no incident.',
  duration_ms: 24 * HOUR,
  requests_per_second: 5,
  diurnal: true,
  callers: harborline,
  background,
  header_share: 0.4,
  events: [],
};

/**
 * The backfill of `doc-summarizer`: its rate grows to four times the usual rate within four minutes, and somebody
 * throttles the job after 20 minutes.
 */
export function surge(after_ms: number): Surge {
  return {
    kind: 'slow_down_surge',
    where: {
      provider: 'openai',
      org: ORG,
      project: DOCUMENTS,
      client: 'doc-summarizer',
      model: 'gpt-5-mini',
    },
    after_ms,
    ramp_ms: 4 * MINUTE,
    lasts_ms: 21 * MINUTE,
    factor: 4,
  };
}

function projectLimit(after_ms: number): Exhaustion {
  return {
    kind: 'quota_exhausted',
    where: { provider: 'openai', org: ORG, project: ASSISTANT },
    after_ms,
    lasts_ms: 40 * MINUTE,
    subclass: 'project_spend_limit',
  };
}

function noCredit(after_ms: number): Exhaustion {
  return {
    kind: 'quota_exhausted',
    where: { provider: 'openai', org: ORG },
    after_ms,
    lasts_ms: 40 * MINUTE,
    subclass: 'credit_balance',
  };
}

/** Scenarios at one company: some are calm, and some have one or two incidents. */
export const dayScenarios: readonly Scenario[] = [
  calmDay,
  {
    ...calmDay,
    name: 'demo-day',
    title: 'The calm day with one Slow Down surge after 10 hours and one spent project limit after 15.',
    events: [surge(10 * HOUR), projectLimit(15 * HOUR + 20 * MINUTE)],
  },
  {
    ...calmDay,
    name: 'slow-down-surge',
    title: 'Ninety minutes with a Slow Down surge after 25.',
    duration_ms: 90 * MINUTE,
    diurnal: false,
    events: [surge(25 * MINUTE)],
  },
  {
    ...calmDay,
    name: 'quota-exhausted',
    title: 'Ninety minutes; after 25 the organization has no credit left, for 40.',
    duration_ms: 90 * MINUTE,
    diurnal: false,
    events: [noCredit(25 * MINUTE)],
  },
];
