import { z } from 'zod';
import { incidentKindNames, type IncidentKind, subjectOf } from './incident-kind.ts';

/** Members of a subject that an override may name. */
const whereNames = ['provider', 'org', 'model'] as const;
export type WhereName = (typeof whereNames)[number];

/** Settings of kinds that hold only for some organizations, providers or models. */
export type Override = {
  where: Partial<Record<WhereName, string>>;
} & { [K in IncidentKind]?: Readonly<Record<string, unknown>> | undefined };

/** Settings that an override may not contain: lists whose items name for whom they hold. */
const LISTS = ['budgets'];
/** Kinds whose subject has at least one of these members. */
const kinds = incidentKindNames.filter((kind) => subjectOf(kind).some(isWhereName));

/**
 * The schema of a list of overrides: `{ where: { org: acme }, rate_limit_surge: { share: 0.2 } }`. Each override names
 * part of the subject of a kind, and any settings of that kind. When several overrides match, the later one wins.
 * `sections` are the sections of the kinds in the settings.
 */
export function overridesOf(
  sections: Readonly<Record<IncidentKind, z.ZodPrefault<z.ZodObject>>>,
): z.ZodType<Override[]> {
  const where = z
    .strictObject(Object.fromEntries(whereNames.map((name) => [name, z.string().min(1).optional()])))
    .refine(isNotEmpty, `a section with at least one of ${whereNames.join(', ')}`);
  const members = Object.fromEntries(kinds.map((kind) => [kind, partial(sections[kind]).optional()]));
  const list = z.array(z.strictObject({ where, ...members })).superRefine((overrides, context) =>
    overrides.forEach((one, i) => {
      const named = kinds.filter((kind) => Object.hasOwn(one, kind));
      const told = (path: PropertyKey[], message: string): void =>
        context.addIssue({ code: 'custom', path: [i, ...path], message });
      if (named.length === 0) told([], 'a section with the settings of a kind of incident, too');
      for (const kind of named) {
        for (const name of Object.keys(one.where)) {
          const by = subjectOf(kind);
          if (!by.some((own) => own === name))
            told(['where', name], `left out: incidents of ${kind} are distinguished by ${by.join(', ')}`);
        }
      }
    }),
  );
  return list;
}

/** The section without its defaults and without `LISTS`: an absent member keeps the value that holds for all. */
function partial(section: z.ZodPrefault<z.ZodObject>): z.ZodObject {
  const { shape } = section.unwrap();
  const own = Object.entries(shape).filter(([name]) => !LISTS.includes(name));
  return z.strictObject(
    Object.fromEntries(
      own.map(([name, member]) => [
        name,
        (member instanceof z.ZodDefault ? (member.unwrap() as z.ZodType) : (member as z.ZodType)).optional(),
      ]),
    ),
  );
}

function isNotEmpty(section: object): boolean {
  return Object.keys(section).length > 0;
}

function isWhereName(name: string): boolean {
  return whereNames.some((own) => own === name);
}
