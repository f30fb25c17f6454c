import type { MappingSpec } from '../../ingest/formats/mapping/mapping.ts';
import { MappingFault } from '../../ingest/formats/mapping/fault.ts';
import { type Proposal, proposeMapping } from '../../ingest/formats/proposal/propose.ts';
import { createTrial, type TriedMessage } from '../../ingest/tried-message.ts';
import { UserError } from '../errors.ts';
import type { CommandContext } from '../context.ts';

/** How to read a sample. */
export interface Plan {
  format: string;
  mapping: MappingSpec;
  /** Formats that were recognised without a mapping, and how many records each has. */
  known: ReadonlyMap<string, number>;
  /** Fields that were not found in the sample; empty when no mapping was proposed. */
  missing: readonly string[];
  tried: readonly TriedMessage[];
  /** Why nothing can be read with this plan, in one line; null when it can. */
  fault: string | null;
}

type Context = Pick<CommandContext, 'settings' | 'now'>;

/**
 * Recognises formats where possible, and proposes a mapping for the other records. Pure except for the clock of the
 * context.
 */
export function planFor(values: readonly (Buffer | null)[], context: Context): Plan {
  const auto = tryAll(values, { format: 'auto', mapping: {} }, context);
  const unknown = values.filter((_value, i) => isUnknown(auto[i]));
  const known = new Map<string, number>();
  for (const { format } of auto.filter((message) => !isUnknown(message)).flatMap(({ records }) => records))
    known.set(format, (known.get(format) ?? 0) + 1);
  const records = unknown.flatMap(parsed);
  if (records.length === 0)
    return { format: 'auto', mapping: {}, known, missing: [], tried: auto, fault: null };
  return readBy(values, { ...proposeMapping(records), known }, context);
}

/**
 * The plan with another source for one field; an empty source leaves the field out. Throws a `UserError` when the text
 * names no field.
 */
export function withField(
  plan: Plan,
  change: string,
  values: readonly (Buffer | null)[],
  context: Context,
): Plan {
  const [, name = '', source = ''] = /^\s*([a-z_]+)\s*[=:]\s*(.*?)\s*$/.exec(change) ?? [];
  if (name === '')
    throw new UserError(
      `${JSON.stringify(change)} is not a change: write a field and a path, such as client=$.team`,
    );
  const { [name]: _old, ...mapping } = plan.mapping;
  const changed = source === '' || source === '-' ? mapping : { ...mapping, [name]: source };
  const missing = plan.missing.filter((field) => !(field in changed));
  return readBy(values, { mapping: changed, missing, known: plan.known }, context);
}

function readBy(
  values: readonly (Buffer | null)[],
  { mapping, missing, known }: Proposal & Pick<Plan, 'known'>,
  context: Context,
): Plan {
  // Records of recognised formats keep their format.
  const format = known.size === 0 ? 'mapped' : 'auto';
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

/** Whether no format recognises the message, or only the names of a format occur in it. */
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
