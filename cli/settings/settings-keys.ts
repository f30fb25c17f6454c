import { z } from 'zod';
import { settingsSchema } from '../../domain/settings.ts';

/** One leaf of the settings: `kafka.brokers`, or a free map such as `mapping`. */
export interface SettingKey {
  /** Dotted, such as `kafka.session_timeout_ms`. */
  key: string;
  path: readonly string[];
  /** `FAULTLINE_KAFKA_SESSION_TIMEOUT_MS`; for a map, the prefix of its entries. */
  env: string;
  description: string;
  /** True when the value must never be shown. */
  secret: boolean;
  /** True for a map with free entries. */
  map: boolean;
  /**
   * The page that describes the members, for lists and maps of sections, which only a file can contain; otherwise null.
   */
  structured: string | null;
  defaultValue: unknown;
  /** The allowed values, in words. */
  allowed: string;
}

/** All settings in the order of the schema. */
export function settingKeys(): readonly SettingKey[] {
  keys ??= collectKeys(settingsSchema, [], settingsSchema.parse({}));
  return keys;
}

/** The setting at a path, or the list or map that the path leads into; null when there is none. */
export function settingAt(path: readonly PropertyKey[]): SettingKey | null {
  return settingKeys().find((known) => known.path.every((part, i) => path[i] === part)) ?? null;
}

/** All dotted names of sections and settings. */
export function dottedNames(): readonly string[] {
  const names = settingKeys().flatMap(({ path }) => path.map((_, i) => path.slice(0, i + 1).join('.')));
  return [...new Set(names)];
}

/** The value at a path of a nested object; undefined when there is none. */
export function valueAt(tree: unknown, path: readonly PropertyKey[]): unknown {
  let value = tree;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}

let keys: readonly SettingKey[] | undefined;

function collectKeys(
  schema: z.core.$ZodType,
  path: readonly string[],
  defaults: unknown,
): readonly SettingKey[] {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodObject) {
    return Object.entries(inner.shape).flatMap(([name, child]) =>
      collectKeys(child as z.core.$ZodType, [...path, name], defaults),
    );
  }
  const meta = z.globalRegistry.get(schema);
  const page = meta?.['structured'];
  const structured = typeof page === 'string' ? page : null;
  return [
    {
      key: path.join('.'),
      path,
      env: `FAULTLINE_${path.join('_').toUpperCase()}`,
      description: meta?.description ?? '',
      secret: meta?.['secret'] === true,
      map: inner instanceof z.ZodRecord && structured === null,
      structured,
      defaultValue: valueAt(defaults, path),
      allowed:
        structured !== null
          ? structuredWords(inner)
          : allowedWords(z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' })),
    },
  ];
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  let inner = schema;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault || inner instanceof z.ZodOptional) {
    inner = inner.def.innerType;
  }
  return inner;
}

function structuredWords(inner: z.core.$ZodType): string {
  return inner instanceof z.ZodArray ? 'a list of sections' : 'a map of sections';
}

interface JsonSchema {
  type?: string | undefined;
  enum?: unknown[] | undefined;
  anyOf?: unknown[] | undefined;
  minimum?: number | undefined;
  maximum?: number | undefined;
  exclusiveMinimum?: number | undefined;
}

function allowedWords(schema: unknown): string {
  const { type, enum: options, anyOf, minimum, maximum, exclusiveMinimum } = schema as JsonSchema;
  if (options !== undefined)
    return `one of ${options.map((o) => (o === '' ? 'empty' : String(o))).join(', ')}`;
  if (anyOf !== undefined) return allowedWords(anyOf[0]);
  if (type === 'boolean') return 'true or false';
  if (type === 'array') return 'a list of texts';
  if (type === 'object') return 'a map';
  if (type !== 'integer' && type !== 'number') return 'a text';
  const noun = type === 'integer' ? 'a whole number' : 'a number';
  if (exclusiveMinimum !== undefined) return `${noun} above ${exclusiveMinimum}`;
  if (minimum !== undefined && maximum !== undefined) return `${noun} from ${minimum} to ${maximum}`;
  return noun;
}
