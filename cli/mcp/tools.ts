import { z } from 'zod';
import { checked } from '../../dashboards/console/checked.ts';
import { readClass, readKind } from '../../dashboards/console/v1/catalogue.ts';
import { explainQuery } from '../../dashboards/console/v1/explain.ts';
import { incidentsQuery } from '../../dashboards/console/v1/incidents.ts';
import { NotFound } from '../../dashboards/console/v1/route.ts';
import { trendsQuery } from '../../dashboards/console/v1/trends.ts';
import { errorClasses, isRequestClass, requestClassNames } from '../../domain/error-class.ts';
import { incidentKindNames } from '../../domain/incident-kind.ts';
import { classify } from '../../ingest/classify/classify.ts';
import { UserError } from '../errors.ts';
import { classifierInput } from '../input/classifier-input.ts';
import type { AskApi } from '../ask/ask-api.ts';

/** One tool as data: its name, parameters and action. */
export interface Tool {
  name: string;
  title: string;
  /** Written for the model that chooses among tools. */
  description: string;
  input: z.ZodObject;
  /** Returns the answer: JSON, or a text. Throws an error with one line for the reader. */
  run(given: unknown, ask: AskApi): Promise<unknown>;
}

function tool<Input extends z.ZodObject>(
  one: Omit<Tool, 'input' | 'run'> & {
    input: Input;
    run(asked: z.infer<Input>, ask: AskApi): Promise<unknown>;
  },
): Tool {
  return { ...one, run: async (given, ask) => one.run(checked(one.input, given ?? {}), ask) };
}

/** The parameter `limit`. Its default is lower than on a page, because a model reads every line. */
const few = (preset: number, most: number) =>
  z
    .int('is not a whole number')
    .min(1, `is not a number from 1 to ${most}`)
    .max(most, `is not a number from 1 to ${most}`)
    .default(preset)
    .meta({ description: 'Largest number of results.' });

/** The tools for agents. All of them only read. */
export const tools: readonly Tool[] = [
  tool({
    name: 'incidents',
    title: 'Incidents',
    description:
      'Incidents that faultline found in the traffic to LLM APIs: kind, scope, since when, verdict (who must act and why), evidence, remedy. Begin here: {"state": "open"} is what is wrong now.',
    input: incidentsQuery.extend({ limit: few(20, 200) }),
    run: (query, ask) => ask({ route: '/incidents', query }),
  }),
  tool({
    name: 'incident',
    title: 'One incident',
    description:
      'One incident in full, with what happened to it and when, the plan of request rates that are safe again, and request ids of samples.',
    input: z.strictObject({
      id: z.string().min(1, 'is empty').max(128, 'is too long').meta({ description: 'As in incidents.' }),
    }),
    run: ({ id }, ask) => ask({ route: '/incidents/{id}', path: { id } }),
  }),
  tool({
    name: 'trends',
    title: 'Trends',
    description:
      'Exact counts of requests and errors over a range, grouped by any of provider, org, project, api_key, client, region, model, endpoint, class, subclass, status, with the change against the period before.',
    input: trendsQuery.omit({ format: true }).extend({
      errors_only: z.boolean().default(false).meta({ description: 'Only groups with failures.' }),
      limit: few(20, 1_000),
      points: z
        .boolean()
        .default(false)
        .meta({ description: 'Also the course over time, step by step; otherwise sums only.' }),
    }),
    async run({ points, errors_only: only, ...query }, ask) {
      const answer = await ask({ route: '/trends', query: { ...query, errors_only: String(only) } });
      return points ? answer : withoutPoints(answer);
    },
  }),
  tool({
    name: 'explain',
    title: 'What differs',
    description:
      'Which part of the traffic fails more in a span than it did before: ranked scopes with requests, failures, expected failures, excess and share. Ask it for the time of an incident or of a rise in trends.',
    input: explainQuery.extend({ limit: few(5, 100) }),
    run: (query, ask) => ask({ route: '/explain', query }),
  }),
  tool({
    name: 'classify',
    title: 'Classify an error',
    description:
      'Judges one error of an LLM API: class, whose fault it is, whether a retry can help, what to do. Nothing is stored or sent.',
    input: z.strictObject({
      provider: z.string().max(200, 'is too long').optional().meta({ description: 'Such as openai.' }),
      status: z.int('is not an HTTP status').min(0).max(999).optional().meta({ description: 'HTTP status.' }),
      error: z
        .union([z.string(), z.looseObject({}), z.array(z.unknown())], 'is not a text, object or list')
        .optional()
        .meta({ description: 'Body of the answer, or the text of an SDK.' }),
      exception: z
        .string()
        .max(1_000, 'is too long')
        .optional()
        .meta({ description: 'Class of the exception, such as openai.RateLimitError.' }),
      headers: z.record(z.string(), z.string()).optional().meta({ description: 'Of the response.' }),
    }),
    async run(record) {
      const input = classifierInput(record);
      if (typeof input === 'string') throw new UserError(input);
      const { class: name, rule, retry, fault, subclass, wait_seconds } = classify(input);
      const { title, remedy, owner } = errorClasses[name];
      return { class: name, title, subclass, rule, fault, retry, wait_seconds, remedy, owner };
    },
  }),
  tool({
    name: 'runbook',
    title: 'Runbook',
    description:
      'The page of an error class (slow_down, quota_exceeded, …) or of a kind of incident (slow_down_surge, provider_outage, …): how it is recognised and what to do, in order.',
    input: z.strictObject({
      name: z
        .string()
        .min(1, 'is empty')
        .max(64, 'is too long')
        .meta({ description: 'A class or a kind, as incidents and trends name them.' }),
    }),
    async run({ name }) {
      const { page, ...facts } = await (isRequestClass(name) ? readClass(name) : readKind(name)).catch(
        (error: unknown) => {
          if (!(error instanceof NotFound)) throw error;
          const known = [...requestClassNames, ...incidentKindNames].join(', ');
          throw new UserError(`name: there is no class or kind ${name}; there are ${known}`);
        },
      );
      // Where the pages are not installed, the answer is what the program itself knows.
      return page ?? facts;
    },
  }),
];

const withSeries = z.looseObject({ series: z.array(z.looseObject({ points: z.unknown() })) });

function withoutPoints(answer: unknown): unknown {
  const { series, ...rest } = withSeries.parse(answer);
  return { ...rest, series: series.map(({ points: _points, ...sums }) => sums) };
}
