import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { asMap, faultAt } from '../mapping/fault.ts';
import { compileMapping, type Mapping, type MappingSpec } from '../mapping/mapping.ts';
import { presetFunctions } from './functions.ts';

/** A format that is a mapping in a file of this folder. */
export interface Preset {
  name: string;
  /** Which logs it reads, in one line. */
  about: string;
  spec: MappingSpec;
  mapping: Mapping;
}

const folder = new URL('./', import.meta.url);
const END = '.yaml';
let loaded: ReadonlyMap<string, Preset> | undefined;

/**
 * All presets by name, read and checked once. Throws a `MappingFault` that names the file when a key in it is wrong or
 * missing.
 */
export function presets(): ReadonlyMap<string, Preset> {
  loaded ??= new Map(
    readdirSync(folder)
      .filter((file) => file.endsWith(END))
      .sort()
      .map((file) => readPreset(file.slice(0, -END.length), readFileSync(new URL(file, folder), 'utf8')))
      .map((preset) => [preset.name, preset]),
  );
  return loaded;
}

/** Makes a preset from the text of its file. */
export function readPreset(name: string, text: string): Preset {
  const at = `presets/${name}.yaml`;
  const spec = asMap(parse(text), at, 'a map of keys');
  const about = spec['about'];
  if (typeof about !== 'string' || about === '')
    throw faultAt(`${at}.about`, 'missing; write in one line what the preset reads');
  const mapping = compileMapping(spec, at, presetFunctions);
  if (mapping.recognise === null)
    throw faultAt(`${at}.recognise`, 'missing; write how a message of this preset is recognised');
  return { name, about, spec, mapping };
}
