import { nativeRecord } from '../../domain/request-log.ts';
import { presets } from '../../ingest/formats/presets/presets.ts';
import type { MappingSpec } from '../../ingest/formats/mapping/mapping.ts';
import { MappingFault } from '../../ingest/formats/mapping/fault.ts';
import { proposeMapping } from '../../ingest/formats/proposal/propose.ts';
import { createTrial, type TriedMessage } from '../../ingest/tried-message.ts';
import { UserError } from '../errors.ts';
import type { CommandContext } from '../context.ts';

/** How to read a sample. */
export interface ReadingPlan {
  format: string;
  mapping: MappingSpec;
  /** Formats that need no mapping, and the number of records of each. */
  known: ReadonlyMap<string, number>;
  /** Fields that were not found in the sample; empty when no mapping was proposed. */
  missing: readonly string[];
  tried: readonly TriedMessage[];
  /** Why no record can be read with this plan, in one line; null when records can be read. */
  fault: string | null;
}

type Context = Pick<CommandContext, 'settings' | 'now'>;

/**
 * Recognises the formats of records, and proposes a mapping for the records that no format recognises. Pure except for
 * the clock of the context.
 */
export function planFor(values: readonly (Buffer | null)[], context: Context): ReadingPlan {
  const auto = tryAll(values, { format: 'auto', mapping: {} }, context);
  const unknown = values.filter((_value, i) => isUnknown(auto[i]));
  const known = new Map<string, number>();
  for (const { format } of auto.filter((message) => !isUnknown(message)).flatMap(({ records }) => records))
    known.set(format, (known.get(format) ?? 0) + 1);
  const records = unknown.flatMap(parsed);
  if (records.length === 0)
    return { format: 'auto', mapping: {}, known, missing: [], tried: auto, fault: null };
  // With `auto`, recognised records keep their format.
  const format = known.size === 0 ? 'mapped' : 'auto';
  return readBy(values, { ...proposeMapping(records), known, format }, context);
}

/**
 * Changes the source of one field in a plan; an empty source leaves the field out. Throws a `UserError` when the text
 * names no field.
 */
export function withField(
  plan: ReadingPlan,
  change: string,
  values: readonly (Buffer | null)[],
  context: Context,
): ReadingPlan {
  const [, name = '', source = ''] = /^\s*([a-z_]+)\s*[=:]\s*(.*?)\s*$/.exec(change) ?? [];
  if (name === '')
    throw new UserError(
      `${JSON.stringify(change)} is not a change: write a field and a path, such as client=$.team`,
    );
  const { [name]: _old, ...mapping } = plan.mapping;
  const isLeftOut = source === '' || source === '-';
  if (Object.keys(plan.mapping).length === 0 && plan.known.size > 0)
    return isLeftOut ? plan : withFieldOfKnown(plan, { [name]: source }, values, context);
  const changed = isLeftOut ? mapping : { ...mapping, [name]: source };
  const missing = plan.missing.filter((field) => !(field in changed));
  return readBy(values, { ...plan, mapping: changed, missing }, context);
}

/**
 * Changes one field of recognised records: the plan gets the mapping of their preset with this change. Throws a
 * `UserError` for a format without a mapping, or when the change would reduce the number of counted requests.
 */
function withFieldOfKnown(
  plan: ReadingPlan,
  change: MappingSpec,
  values: readonly (Buffer | null)[],
  context: Context,
): ReadingPlan {
  const [most = ''] = [...plan.known].sort(([, a], [, b]) => b - a)[0] ?? [];
  const [field = ''] = Object.keys(change);
  const candidates = presets().has(most)
    ? [
        { format: most, mapping: change },
        // This candidate is needed for records in an envelope, or among records of other formats.
        { format: 'auto', mapping: { preset: most, ...change } },
      ]
    : [{ format: 'mapped', mapping: { ...ownFields(values), ...change } }];
  if (!presets().has(most) && most !== 'native')
    throw new UserError(
      `${field} cannot be read from another path: format ${most} has no mapping that can be changed (docs/formats/mapped.md)`,
    );
  const plans = candidates.map((how) => readBy(values, { ...plan, ...how }, context));
  const found = plans.find(
    ({ tried, fault }) => fault === null && requestsOf(tried) >= requestsOf(plan.tried),
  );
  if (found !== undefined) return found;
  throw new UserError(
    `this change of ${field} does not work: ${plans.find(({ fault }) => fault !== null)?.fault ?? `fewer records of ${most} would be counted`}`,
  );
}

/** The mapping that reads native records: maps each native field that occurs in the sample to its own name. */
function ownFields(values: readonly (Buffer | null)[]): MappingSpec {
  const records = values.flatMap(parsed);
  const isThere = (name: string): boolean =>
    records.some((record) => typeof record === 'object' && record !== null && name in record);
  const names = Object.keys(nativeRecord.shape).filter(isThere);
  return Object.fromEntries(names.map((name) => [name, `$.${name}`]));
}

function requestsOf(tried: ReadingPlan['tried']): number {
  return tried.flatMap(({ records }) => records).reduce((sum, { requests }) => sum + requests.length, 0);
}

function readBy(
  values: readonly (Buffer | null)[],
  {
    format,
    mapping,
    missing,
    known,
  }: Readonly<Pick<ReadingPlan, 'format' | 'mapping' | 'missing' | 'known'>>,
  context: Context,
): ReadingPlan {
  try {
    return {
      format,
      mapping,
      known,
      missing,
      tried: tryAll(values, { format, mapping }, context),
      fault: null,
    };
  } catch (error) {
    if (!(error instanceof MappingFault)) throw error;
    return { format, mapping, known, missing, tried: [], fault: error.message };
  }
}

function tryAll(
  values: readonly (Buffer | null)[],
  how: { format: string; mapping: MappingSpec },
  { settings, now }: Context,
): TriedMessage[] {
  const trial = createTrial({ ...settings, ...how });
  return values.map((value) => trial(value, now()));
}

/** Whether no format can read the message, even if it has the field names of a format. */
function isUnknown(message: TriedMessage | undefined): boolean {
  if (message === undefined || message.outcome.kind !== 'dead') return false;
  return message.outcome.reason === 'unknown_format' || message.outcome.reason === 'schema';
}

function parsed(value: Buffer | null): unknown[] {
  try {
    const record: unknown = JSON.parse(value?.toString() ?? '');
    return Array.isArray(record) ? record : [record];
  } catch {
    return [];
  }
}
