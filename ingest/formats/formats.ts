import type { Decoded } from '../../domain/request-log.ts';
import type { RecordFormat } from '../../domain/settings.ts';
import type { Cleaner } from '../fields/clean.ts';
import { autoDecoder } from './auto.ts';
import type { Decode, Format } from './format.ts';
import { litellm } from './litellm.ts';
import { mappedDecoder } from './mapped.ts';
import { faultAt, shown } from './mapping/fault.ts';
import { compileMapping, type Mapping, type MappingSpec } from './mapping/mapping.ts';
import { native } from './native.ts';
import { otelGenai } from './otel-genai.ts';
import { Parts } from './parts.ts';
import { presetFunctions } from './presets/functions.ts';
import { presets } from './presets/presets.ts';

/** How records are to be read. */
export interface FormatOptions {
  format: RecordFormat;
  /** The user's mapping; with `format` or `preset` the name of a preset, what is changed in it. */
  mapping: MappingSpec;
}

/** The formats that are programs, in the order in which `auto` asks them. */
const programs: Readonly<Record<string, Format>> = { native, 'otel-genai': otelGenai, litellm };

/** Every name that `format` may have. */
export function formatNames(): readonly string[] {
  return ['auto', ...Object.keys(programs), 'mapped', ...presets().keys()];
}

/**
 * A function from one parsed message to its request logs in the chosen format. An array is a message of many records.
 * Throws a `MappingFault` when format or mapping is wrong.
 */
export function recordDecoder(options: FormatOptions, cleaner: Cleaner): Decode {
  const decode = decoderOf(options, cleaner);
  return (value, now) =>
    Array.isArray(value) ? decodeMany(value, now, decode, cleaner) : decode(value, now);
}

function decoderOf({ format, mapping: spec }: FormatOptions, cleaner: Cleaner): Decode {
  const program = Object.hasOwn(programs, format) ? programs[format] : undefined;
  if (program !== undefined) return program.create(cleaner);
  const preset = presets().get(format);
  if (preset === undefined && format !== 'auto' && format !== 'mapped')
    throw faultAt('format', `${shown(format)} is no format; use one of ${formatNames().join(', ')}`);
  const hasMapping = format !== 'auto' || Object.keys(spec).length > 0;
  const mapping = hasMapping ? userMapping(preset === undefined ? spec : { preset: format, ...spec }) : null;
  if (mapping !== null && format !== 'auto' && mapping.readAs === null)
    return mappedDecoder(mapping, cleaner);
  // Records in an envelope are of any format.
  const { native: first, ...others } = { ...programs, native };
  return autoDecoder(
    {
      native: first,
      others: Object.values(others),
      presets: [...presets().values()],
      mapping: mapping?.readAs === null ? mapping : null,
    },
    cleaner,
  );
}

/** The mapping of the settings; under `preset` stands whose mapping it changes. */
function userMapping({ preset: name, ...changes }: MappingSpec): Mapping {
  if (name === undefined) return compileMapping(changes, 'mapping', presetFunctions);
  const preset = typeof name === 'string' ? presets().get(name) : undefined;
  if (preset === undefined)
    throw faultAt(
      'mapping.preset',
      `${shown(name)} is no preset; use one of ${[...presets().keys()].join(', ')}`,
    );
  return compileMapping({ ...preset.spec, ...changes }, 'mapping', presetFunctions);
}

function decodeMany(values: readonly unknown[], now: number, decode: Decode, cleaner: Cleaner): Decoded {
  const parts = new Parts();
  for (const value of values) parts.add(decode(value, now), () => JSON.stringify(cleaner.value(value)));
  return parts.all();
}
