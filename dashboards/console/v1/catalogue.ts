import { z } from 'zod';
import {
  errorClasses,
  type ErrorFacts,
  isRequestClass,
  requestClassNames,
} from '../../../domain/error-class.ts';
import {
  type EvidenceField,
  evidenceFields,
  evidenceMoments,
  evidenceUnits,
} from '../../../domain/evidence.ts';
import { responsible } from '../../../domain/incident.ts';
import { factsOf, incidentKindNames, incidentKinds, type KindFacts } from '../../../domain/incident-kind.ts';
import { NotFound, route, type ApiRoute } from './route.ts';
import { readRunbook } from './runbooks.ts';

const none = z.strictObject({});

const oneClass = z.looseObject({
  name: z.string(),
  title: z.string(),
  guide: z.string().nullable(),
  fault: z.string(),
  retry: z.string(),
  owner: z.string(),
  remedy: z.array(z.string()),
});
const oneKind = z.looseObject({ name: z.string(), title: z.string() });
const evidenceAnswer = z.strictObject({
  label: z.string(),
  unit: z.enum(evidenceUnits),
  moment: z
    .enum(evidenceMoments)
    .meta({ description: 'in_all: from the start to the last matching answer; latest: in the last window.' }),
  words: z.record(z.string(), z.string()).optional(),
});
const runbook = {
  runbook: z.string().meta({ description: 'Path of the page below docs/; empty: there is no page.' }),
  page: z.string().nullable().meta({ description: 'The page as Markdown; null: it is not installed here.' }),
};

/** One class in the answer of `/api/v1/classes`. */
export type ClassItem = { name: string } & ErrorFacts;

/** The answer of `/api/v1/kinds`. */
export interface KindsAnswer {
  kinds: ({ name: string } & KindFacts)[];
  /** Who must act, or whose fault a class is, in words. */
  parties: Readonly<Record<string, string>>;
  /** How each field of the evidence is shown to people. */
  evidence: Readonly<Record<string, EvidenceField>>;
}

const classAnswer = oneClass.extend(runbook);
const kindAnswer = oneKind.extend(runbook);

/** A class with its runbook page. Throws `NotFound`. */
export async function readClass(name: string): Promise<z.infer<typeof classAnswer>> {
  if (!isRequestClass(name))
    throw new NotFound(`there is no class ${name.slice(0, 64)}; /api/v1/classes lists them`);
  const file = name === 'ok' ? '' : `errors/${name}.md`;
  const { remedy, ...facts } = errorClasses[name];
  return { name, ...facts, remedy: [...remedy], runbook: file, page: await readRunbook(file) };
}

/** A kind of incident with its runbook page. Throws `NotFound`. */
export async function readKind(name: string): Promise<z.infer<typeof kindAnswer>> {
  const known = incidentKindNames.find((one) => one === name);
  if (known === undefined)
    throw new NotFound(`there is no kind ${name.slice(0, 64)} of incident; /api/v1/kinds lists them`);
  const facts = factsOf(known);
  return { name, ...facts, page: await readRunbook(facts.runbook) };
}

/** Routes that list the classes and the kinds of incidents, which other answers refer to. */
export function catalogueRoutes(): readonly ApiRoute[] {
  return [
    route({
      method: 'GET',
      path: '/classes',
      summary: 'The error classes: whose fault they are, whether repeating helps, what to do.',
      role: 'read',
      query: none,
      answer: z.strictObject({
        classes: z.array(oneClass),
      }),
      run: () =>
        Promise.resolve({ classes: requestClassNames.map((name) => ({ name, ...errorClasses[name] })) }),
    }),
    route({
      method: 'GET',
      path: '/classes/{name}',
      summary: 'One error class with its runbook.',
      role: 'read',
      query: none,
      answer: classAnswer,
      run: ({ path }) => readClass(path['name'] ?? ''),
    }),
    route({
      method: 'GET',
      path: '/kinds',
      summary: 'The kinds of incidents, and who may have to act.',
      role: 'read',
      query: none,
      answer: z.strictObject({
        kinds: z.array(oneKind),
        parties: z
          .record(z.string(), z.string())
          .meta({ description: 'Who must act, or whose fault a class is, in words.' }),
        evidence: z.record(z.string(), evidenceAnswer).meta({
          description:
            'Each field of the evidence: its label, its unit, of which time it is, and words for its codes.',
        }),
      }),
      run: (): Promise<KindsAnswer> =>
        Promise.resolve({
          kinds: Object.entries(incidentKinds).map(([name, facts]) => ({ name, ...facts })),
          parties: responsible,
          evidence: evidenceFields,
        }),
    }),
    route({
      method: 'GET',
      path: '/kinds/{name}',
      summary: 'One kind of incident with its runbook.',
      role: 'read',
      query: none,
      answer: kindAnswer,
      run: ({ path }) => readKind(path['name'] ?? ''),
    }),
  ];
}
