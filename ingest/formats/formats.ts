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
import { otelGenai } from './otel/otel-genai.ts';
import { MessageParts } from './parts.ts';
import { presetFunctions } from './presets/functions.ts';
import { type Preset, presets } from './presets/presets.ts';

/** How to read records. */
export interface FormatOptions {
  format: RecordFormat;
  /** The user's mapping. When `format` or `preset` names a preset, it holds the changes to that preset. */
  mapping: MappingSpec;
}

/** The formats that are written in code, in the order in which `auto` asks them. */
const programs: Readonly<Record<string, Format>> = { native, 'otel-genai': otelGenai, litellm };

/** All allowed values of `format`. */
export function formatNames(): readonly string[] {
  return ['auto', ...Object.keys(programs), 'mapped', ...presets().keys()];
}

/** The parts that decoders are made of. Tracing replaces them by parts that also record what was read. */
export interface Making {
  program: (format: Format, name: string) => Format;
  mapping: (spec: MappingSpec, at: string, name: string) => Mapping;
  mapped: (mapping: Mapping, cleaner: Cleaner) => Decode;
  presets: () => ReadonlyMap<string, Preset>;
}
const plain: Making = {
  program: (format) => format,
  mapping: (spec, at) => compileMapping(spec, at, presetFunctions),
  mapped: mappedDecoder,
  presets,
};

/**
 * Makes a function that decodes one parsed message to its request logs in the chosen format. An array is a message of
 * many records. Throws a `MappingFault` when format or mapping is wrong.
 */
export function recordDecoder(options: FormatOptions, cleaner: Cleaner, making = plain): Decode {
  const decode = decoderOf(options, cleaner, making);
  return (value, now, written) => {
    const decodeOne = (one: unknown): Decoded => decode(one, now, written);
    return Array.isArray(value) ? decodeMany(value, decodeOne, cleaner) : decodeOne(value);
  };
}

function decoderOf({ format, mapping: spec }: FormatOptions, cleaner: Cleaner, making: Making): Decode {
  const program = Object.hasOwn(programs, format) ? programs[format] : undefined;
  if (program !== undefined) return making.program(program, format).create(cleaner);
  const isGeneral = format === 'auto' || format === 'mapped';
  const isPreset = !isGeneral && presets().has(format);
  if (!isPreset && !isGeneral)
    throw faultAt('format', `${shown(format)} is not a format; use one of ${formatNames().join(', ')}`);
  const hasMapping = format !== 'auto' || Object.keys(spec).length > 0;
  const mapping = hasMapping ? userMapping(isPreset ? { preset: format, ...spec } : spec, making) : null;
  if (mapping !== null && format !== 'auto' && mapping.readAs === null)
    return making.mapped(mapping, cleaner);
  const others = Object.entries(programs).filter(([name]) => name !== 'native');
  return autoDecoder(
    {
      native: making.program(native, 'native'),
      others: others.map(([name, other]) => making.program(other, name)),
      // The records in an envelope may have any format, so the user's envelope is handled like one more preset.
      presets: () => {
        const known = [...making.presets().values()];
        return mapping === null || mapping.readAs === null ? known : [...known, envelopeOf(spec, mapping)];
      },
      mapping: mapping?.readAs === null ? mapping : null,
      mapped: making.mapped,
    },
    cleaner,
  );
}

/** The mapping of the settings; `preset` names the preset that it changes. */
function userMapping({ preset: name, ...changes }: MappingSpec, making: Making): Mapping {
  if (name === undefined) return making.mapping(changes, 'mapping', 'mapped');
  const preset = typeof name === 'string' ? presets().get(name) : undefined;
  if (preset === undefined)
    throw faultAt(
      'mapping.preset',
      `${shown(name)} is not a preset; use one of ${[...presets().keys()].join(', ')}`,
    );
  return making.mapping({ ...preset.spec, ...changes }, 'mapping', preset.name);
}

/** The user's envelope as a preset. If the envelope has no conditions, any message may be such an envelope. */
function envelopeOf(spec: MappingSpec, mapping: Mapping): Preset {
  const any = { holds: () => true, groups: [{ needs: [], tests: 0 }] };
  return { name: 'mapped', about: '', spec, mapping: { ...mapping, recognise: mapping.recognise ?? any } };
}

function decodeMany(
  values: readonly unknown[],
  decodeOne: (value: unknown) => Decoded,
  cleaner: Cleaner,
): Decoded {
  const parts = new MessageParts();
  for (const value of values) parts.add(decodeOne(value), () => JSON.stringify(cleaner.value(value)));
  return parts.all();
}
