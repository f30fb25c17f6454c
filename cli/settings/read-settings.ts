import { closeSync, openSync, readSync, statSync } from 'node:fs';
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
} from 'yaml';
import type { z } from 'zod';
import { type Settings, settingsSchema } from '../../domain/settings.ts';
import { Cleaner } from '../../ingest/fields/clean.ts';
import { recordDecoder } from '../../ingest/formats/formats.ts';
import { MappingFault } from '../../ingest/formats/mapping/fault.ts';
import { closest } from '../did-you-mean.ts';
import { UserError } from '../errors.ts';
import { maskCredentials } from '../mask.ts';
import { dottedNames, type SettingKey, settingAt, settingKeys, valueAt } from './settings-keys.ts';

/** A setting from a flag; a list may be one comma-separated text. */
export interface SettingOverride {
  /** Dotted, such as `kafka.brokers`. */
  key: string;
  value: unknown;
  /** The flag as typed, for messages: `--brokers`. */
  flag: string;
}

export interface SettingsSources {
  /** Path of a file that must exist. Without it `./faultline.yaml` is read if it exists. */
  config?: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
  overrides?: readonly SettingOverride[];
}

export interface LoadedSettings {
  settings: Settings;
  /** Dotted key -> `faultline.yaml:3`, `FAULTLINE_…` or `--flag`; keys with their default are absent. */
  origins: ReadonlyMap<string, string>;
}

/**
 * Reads the settings from file, environment and flags; the later ones win. Throws a `UserError` naming key and origin.
 */
export function loadSettings(sources: SettingsSources): Settings {
  return readSettings(sources).settings;
}

/** Like `loadSettings`, and returns the origin of each value. */
export function readSettings({ config, env, overrides = [] }: SettingsSources): LoadedSettings {
  const origins = new Map<string, string>();
  const tree = readFile(config, origins);
  applyEnvironment(tree, env, origins);
  for (const { key, value, flag } of overrides) {
    setAt(tree, key.split('.'), value);
    origins.set(key, flag);
  }
  const parsed = settingsSchema.safeParse(tree);
  if (parsed.success) {
    checkFormat(parsed.data, origins);
    return { settings: parsed.data, origins };
  }
  throw new UserError(describeIssues(parsed.error.issues, tree, origins));
}

/** Reports a wrong format or mapping before anything is opened. */
function checkFormat({ format, mapping }: Settings, origins: ReadonlyMap<string, string>): void {
  // The defaults are valid, and checking them would read all presets.
  if (format === 'auto' && Object.keys(mapping).length === 0) return;
  try {
    recordDecoder({ format, mapping }, new Cleaner());
  } catch (error) {
    if (!(error instanceof MappingFault)) throw error;
    throw new UserError(`${originOf(error.at, origins)}${error.message}`, 2, error);
  }
}

type Tree = Record<string, unknown>;

/**
 * Largest settings file, in bytes: parsing a text that is not YAML takes up to a millisecond per hundred bytes.
 * `faultline.example.yaml` with all settings has 18 KB.
 */
const LARGEST_FILE = 32 * 1024;
const DEEPEST = 32;

function readFile(config: string | undefined, origins: Map<string, string>): Tree {
  const file = config ?? 'faultline.yaml';
  let text: string | null;
  try {
    text = readBounded(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    if (code === 'ENOENT' && config === undefined) return {};
    const fix = code === 'ENOENT' ? 'does not exist; faultline settings --example prints a first one' : code;
    throw new UserError(`settings file ${file}: ${fixFor(code) ?? fix}`, 2, error);
  }
  if (text === null)
    throw new UserError(
      `settings file ${file}: larger than ${LARGEST_FILE} bytes; all settings need less, is it another file?`,
    );
  if (nestsTooDeeply(text))
    throw new UserError(
      `settings file ${file}: brackets nested deeper than ${DEEPEST}; no setting needs that`,
    );
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [problem] = document.errors;
  if (problem !== undefined) {
    const { line, col } = lines.linePos(problem.pos[0]);
    const fault = problem.message.startsWith('Maximum call stack') ? 'nested too deeply' : problem.message;
    throw new UserError(`${file}:${line}:${col}: not valid YAML: ${oneLine(fault)}`);
  }
  return toTree(document, file, lines, origins);
}

/**
 * Pipes that the shell has opened, as in `--config <(sops -d faultline.yaml)`. They have a writer, so reading them
 * ends.
 */
const OPENED = /^\/dev\/(stdin|fd\/\d+)$/;

/**
 * The text of a file; null when it is too large. It does not read the rest then, because a pipe may have no end. It
 * refuses named pipes and devices: reading one could wait for ever, and no signal is handled meanwhile. Throws Node's
 * error.
 */
function readBounded(file: string): string | null {
  const stats = statSync(file);
  if (!stats.isFile() && !stats.isDirectory() && !(OPENED.test(file) && (stats.isFIFO() || stats.isSocket())))
    throw Object.assign(new Error('not a file'), { code: 'NOT_A_FILE' });
  const bytes = Buffer.alloc(LARGEST_FILE + 1);
  const handle = openSync(file, 'r');
  let length = 0;
  try {
    for (let read = -1; read !== 0 && length < bytes.length; length += read)
      read = readSync(handle, bytes, length, bytes.length - length, null);
  } finally {
    closeSync(handle);
  }
  return length > LARGEST_FILE ? null : bytes.toString('utf8', 0, length);
}

/** Brackets in quoted texts count, too, because no setting has a value with so many unclosed brackets. */
function nestsTooDeeply(text: string): boolean {
  let depth = 0;
  for (const char of text) {
    if (char === '[' || char === '{') depth++;
    else if (char === ']' || char === '}') depth--;
    if (depth > DEEPEST) return true;
  }
  return false;
}

function fixFor(code: string): string | null {
  if (code === 'EACCES') return 'may not be read; check its permissions';
  if (code === 'NOT_A_FILE') return 'is not a file; name one, or give a pipe as --config /dev/stdin';
  if (code === 'EISDIR') return 'is a directory; name a file';
  return null;
}

function toTree(document: Document, file: string, lines: LineCounter, origins: Map<string, string>): Tree {
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null))
    return {};
  if (!isMap(document.contents)) {
    throw new UserError(
      `${file}:1: the settings must be a map of keys, such as kafka: {brokers: [host:9092]}`,
    );
  }
  refuseAlias(document, file, lines);
  noteLines(document.contents, [], file, lines, origins);
  try {
    return withoutNulls(document.toJS({ maxAliasCount: 100 })) as Tree;
  } catch (error) {
    throw new UserError(
      `${file}: ${oneLine(error instanceof Error ? error.message : String(error))}`,
      2,
      error,
    );
  }
}

/** Refuses an alias without an anchor before it, and an alias within its own anchor, which would expand without end. */
function refuseAlias(document: Document, file: string, lines: LineCounter): void {
  // YAML allows two anchors with the same name: an alias means the last one before it.
  const anchors = new Map<string, unknown>();
  visit(document, {
    Node(_key, node, path) {
      if (!isAlias(node)) {
        if (node.anchor !== undefined) anchors.set(node.anchor, node);
        return;
      }
      const target = anchors.get(node.source);
      if (target !== undefined && !path.some((one) => one === target)) return;
      const why = target === undefined ? 'names no anchor before it' : 'is within its own anchor';
      const { line, col } = lines.linePos(node.range?.[0] ?? 0);
      throw new UserError(
        `${file}:${line}:${col}: *${oneLine(node.source)} ${why}: write the value itself there`,
      );
    },
  });
}

function noteLines(
  node: unknown,
  path: readonly string[],
  file: string,
  lines: LineCounter,
  origins: Map<string, string>,
): void {
  if (isSeq(node)) {
    for (const [i, item] of node.items.entries()) {
      const here = [...path, String(i)];
      const start = isNode(item) ? item.range?.[0] : undefined;
      if (start !== undefined) origins.set(here.join('.'), `${file}:${lines.linePos(start).line}`);
      noteLines(item, here, file, lines, origins);
    }
  }
  if (!isMap(node)) return;
  for (const { key, value } of node.items) {
    if (!isScalar(key)) continue;
    const here = [...path, String(key.value)];
    origins.set(here.join('.'), `${file}:${lines.linePos(key.range?.[0] ?? 0).line}`);
    noteLines(value, here, file, lines, origins);
  }
}

// A key without a value (because all lines below it are comments) means its default, not "null".
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value) || typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([, child]) => child !== null);
  return Object.fromEntries(kept.map(([name, child]) => [name, withoutNulls(child)]));
}

function applyEnvironment(tree: Tree, env: SettingsSources['env'], origins: Map<string, string>): void {
  const known = settingKeys();
  for (const [name, value] of Object.entries(env)) {
    // An empty variable counts as not set, because compose files and unit files pass empty variables for settings that
    // nobody chose.
    if (!name.startsWith(PREFIX) || value === undefined || value === '') continue;
    const exact = known.find(
      (setting) => setting.env === name && !setting.map && setting.structured === null,
    );
    const map = known.find((setting) => setting.map && name.startsWith(`${setting.env}_`));
    const path = exact?.path ?? (map && [...map.path, name.slice(map.env.length + 1).toLowerCase()]);
    if (path === undefined) {
      throw new UserError(`environment variable ${name} is not a setting${suggestVariable(name)}`);
    }
    setAt(tree, path, value);
    origins.set(path.join('.'), name);
  }
}

// Compares names without their common prefix, which would make all of them similar.
function suggestVariable(name: string): string {
  const names = settingKeys().map((setting) => setting.env.slice(PREFIX.length));
  const close = closest(name.slice(PREFIX.length), names);
  const fix = 'unset it, or see faultline settings --example for the names';
  return close === null ? `; ${fix}` : `; did you mean ${PREFIX}${close}?`;
}

const PREFIX = 'FAULTLINE_';

function setAt(tree: Tree, path: readonly string[], value: unknown): void {
  let node = tree;
  for (const part of path.slice(0, -1)) {
    const child = node[part];
    const next: Tree =
      typeof child === 'object' && child !== null && !Array.isArray(child) ? (child as Tree) : {};
    node[part] = next;
    node = next;
  }
  node[path.at(-1) ?? ''] = value;
}

function describeIssues(
  issues: readonly z.core.$ZodIssue[],
  tree: Tree,
  origins: Map<string, string>,
): string {
  const [first] = issues;
  if (first === undefined) return 'the settings are wrong';
  const more = issues.length - 1;
  const others = more === 0 ? '' : ` (and ${more} more wrong setting${more === 1 ? '' : 's'})`;
  return `${describeIssue(first, tree, origins)}${others}`;
}

function describeIssue(issue: z.core.$ZodIssue, tree: Tree, origins: Map<string, string>): string {
  if (issue.code === 'unrecognized_keys') {
    const key = [...issue.path, issue.keys[0] ?? ''].join('.');
    const page = settingAt(issue.path)?.structured ?? null;
    const known = page === null ? suggestKey(key) : `; ${page} shows those that are known`;
    return `${originOf(key, origins)}unknown key ${key}${known}`;
  }
  const setting = settingAt(issue.path);
  // If the user wrote a list as one text, the message shows that text.
  const whole = setting !== null && typeof valueAt(tree, setting.path) === 'string';
  const path = whole ? setting.path : issue.path;
  const key = path.join('.');
  const value = mayHoldSecret(issue, setting, valueAt(tree, path))
    ? ''
    : ` is ${shown(valueAt(tree, path) ?? (isStructured(setting) ? undefined : setting?.defaultValue))}`;
  return `${originOf(key, origins)}${key}${value}: must ${allowed(issue)}`;
}

function isStructured(setting: SettingKey | null): boolean {
  return setting !== null && setting.structured !== null;
}

/**
 * Whether the wrong value may be a secret. Inside lists and maps of sections, users may write a secret where another
 * value belongs.
 */
function mayHoldSecret(issue: z.core.$ZodIssue, setting: SettingKey | null, value: unknown): boolean {
  if (!isStructured(setting)) return setting?.secret === true;
  if (issue.code === 'custom') return issue.params?.['secret'] === true;
  return value !== undefined && (issue.code === 'invalid_type' || issue.code === 'invalid_key');
}

function originOf(key: string, origins: ReadonlyMap<string, string>): string {
  const parts = key.replace(/\[\d+\]/g, '').split('.');
  for (let n = parts.length; n > 0; n--) {
    const origin = origins.get(parts.slice(0, n).join('.'));
    if (origin !== undefined) return `${origin}: `;
  }
  return '';
}

function suggestKey(key: string): string {
  const names = dottedNames();
  const parent = key.includes('.') ? key.slice(0, key.lastIndexOf('.') + 1) : '';
  const siblings = names.filter(
    (name) => name.startsWith(parent) && !name.slice(parent.length).includes('.'),
  );
  const close =
    closest(key, siblings) ?? names.find((name) => name.endsWith(`.${key.split('.').at(-1)}`)) ?? null;
  return close === null ? `; known here: ${siblings.join(', ')}` : `; did you mean ${close}?`;
}

function allowed(issue: z.core.$ZodIssue): string {
  const setting = settingAt(issue.path);
  const ofText = issue.code === 'invalid_format' || issue.code === 'custom' || issue.code === 'invalid_union';
  if (ofText) return `be ${issue.message}`;
  if (setting === null) return 'be a section with keys of its own';
  if (setting.structured !== null && setting.path.length < issue.path.length)
    return allowedWithin(issue, setting.structured);
  if (issue.code === 'too_small' && (issue.origin === 'string' || issue.origin === 'array'))
    return 'not be empty';
  return setting.path.length < issue.path.length ? 'be a text' : `be ${setting.allowed}`;
}

/** Says what is allowed at a place inside a list or map of sections. */
function allowedWithin(issue: z.core.$ZodIssue, page: string): string {
  if (issue.code === 'invalid_key') return 'have a name of lower-case letters, digits, - and _';
  if (issue.code === 'invalid_value') return `be ${issue.message}`;
  if (issue.code === 'too_small')
    return issue.origin === 'string' || issue.origin === 'array'
      ? 'not be empty'
      : `be at least ${issue.minimum}`;
  if (issue.code === 'too_big') return `be at most ${issue.maximum}`;
  if (issue.code !== 'invalid_type') return `be as ${page} says`;
  return `be ${kindWords[issue.expected] ?? issue.expected}`;
}

const kindWords: Readonly<Record<string, string>> = {
  string: 'a text',
  array: 'a list',
  object: 'a section with keys of its own',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
};

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'missing';
  return maskCredentials(text.length > 80 ? `${text.slice(0, 77)}…` : text);
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
