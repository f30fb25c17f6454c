import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');
const files = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts', '*.js'],
  { cwd: root, encoding: 'utf8' },
)
  .split('\n')
  .filter((file) => file !== '' && !file.includes('/out/'));

/** The folders that each folder may import besides itself. `tests`, `bench` and `scripts` may import all. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  store: ['domain'],
  ingest: ['domain', 'store'],
  analyzers: ['domain', 'store'],
  dashboards: ['domain', 'store'],
  simulate: ['domain', 'store'],
  cli: ['domain', 'store', 'ingest', 'analyzers', 'dashboards', 'simulate'],
};

/**
 * The folders of `ingest` from the lowest to the highest, each with the folders and files that it may import besides
 * itself. Files directly in `ingest/` hold the flow and may import all of them.
 */
const rooms: Readonly<Record<string, readonly string[]>> = {
  redact: ['bounded-memo.ts', 'packed.ts'],
  fields: ['bounded-memo.ts', 'redact'],
  'formats/otel': ['fields', 'redact', 'formats/format.ts', 'formats/native.ts'],
  'formats/mapping': ['bounded-memo.ts', 'packed.ts', 'fields'],
  'formats/presets': ['fields', 'formats/mapping'],
  formats: ['packed.ts', 'fields', 'redact', 'formats/mapping', 'formats/otel', 'formats/presets'],
  'formats/proposal': ['fields', 'formats/mapping'],
  'classify/rules': [],
  'classify/engine': ['classify/rules'],
  classify: ['classify/rules', 'classify/engine'],
  rows: ['classify', 'classify/engine'],
  'native-bytes': ['redact', 'fields', 'formats', 'classify', 'classify/engine', 'rows'],
  reclassify: ['partition-id.ts', 'reconcile-horizons.ts', 'fields', 'classify', 'rows'],
  sources: ['partition-id.ts', 'protocol.ts', 'start-rules.ts', 'file-start.ts', 'record-digest.ts'],
};

/** The file or folder that may import an outside library, so that replacing a library changes one place. */
const oneFile: Readonly<Record<string, RegExp>> = {
  kafkajs: /^ingest\/sources\/kafka-client\.ts$/,
  '@clickhouse/client': /^store\/connect\.ts$/,
  'csv-parse': /^ingest\/sources\/csv-rows\.ts$/,
  chdb: /^store\/connect\.ts$/,
  '@bufbuild/protobuf': /^(?:ingest\/formats\/otel\/proto|tests\/)/,
  '@grafana/grafana-foundation-sdk': /^dashboards\/grafana\//,
  '@modelcontextprotocol/sdk': /^cli\/mcp\/serve-mcp\.ts$/,
};

const isTest = (file: string): boolean => file.endsWith('.test.ts');
const folderOf = (file: string): string => file.split('/')[0] ?? '';
const text = (file: string): string => readFileSync(path.join(root, file), 'utf8');
/** Removes comments, because they may mention what code must not do. */
const code = (file: string): string => text(file).replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '');

function imports(file: string): string[] {
  return [...code(file).matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '');
}

/** The first import cycle among the files, as a path from a file back to itself; empty when there is none. */
function importCycle(among: readonly string[]): readonly string[] {
  return cycleOf(
    new Map(
      among.map((file) => [
        file,
        imports(file)
          .filter((target) => target.startsWith('.'))
          .map((target) => path.join(path.dirname(file), target)),
      ]),
    ),
  );
}

function cycleOf(targets: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const done = new Set<string>();
  const walk = (file: string, above: readonly string[]): readonly string[] => {
    if (above.includes(file)) return [...above.slice(above.indexOf(file)), file];
    if (done.has(file)) return [];
    for (const target of targets.get(file) ?? []) {
      const cycle = walk(target, [...above, file]);
      if (cycle.length > 0) return cycle;
    }
    done.add(file);
    return [];
  };
  for (const file of targets.keys()) {
    const cycle = walk(file, []);
    if (cycle.length > 0) return cycle;
  }
  return [];
}

describe('the import rule', () => {
  const ours = files.filter((file) => Object.hasOwn(allowed, folderOf(file)));

  test('every folder has files to check', () => {
    expect(new Set(ours.map(folderOf))).toEqual(new Set(Object.keys(allowed)));
  });

  test('folders import only allowed folders', () => {
    const wrong = ours
      .filter((file) => !isTest(file))
      .flatMap((file) =>
        imports(file)
          .filter((target) => target.startsWith('.'))
          .map((target) => folderOf(path.relative(root, path.resolve(root, path.dirname(file), target))))
          .filter((target) => target !== folderOf(file) && !(allowed[folderOf(file)] ?? []).includes(target))
          .map((target) => `${file} imports ${target}/`),
      );
    expect(wrong).toEqual([]);
  });

  test.each(Object.entries(rooms))('ingest/%s imports only what the table allows', (room, below) => {
    const inRoom = ours.filter((file) => path.dirname(file) === `ingest/${room}` && !isTest(file));
    expect(inRoom).not.toEqual([]);
    const wrong = inRoom.flatMap((file) =>
      imports(file)
        .filter((target) => target.startsWith('.'))
        .map((target) => path.relative('ingest', path.join(path.dirname(file), target)))
        .filter((target) => !target.startsWith('..'))
        .filter((target) => ![room, ...below].includes(path.dirname(target)) && !below.includes(target))
        .map((target) => `${file} imports ingest/${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test('every folder of ingest is in the table of allowed imports, except telemetry, which may import all', () => {
    const folders = new Set(
      ours
        .filter((file) => file.startsWith('ingest/'))
        .map((file) => path.dirname(path.relative('ingest', file)))
        .filter((folder) => folder !== '.'),
    );
    expect(folders).toEqual(new Set([...Object.keys(rooms), 'telemetry']));
  });

  test('no files import each other in a circle, not even types', () => {
    const checked = ours.filter((file) => !isTest(file));
    expect(importCycle(checked)).toEqual([]);
  });

  test('an import cycle is found, and all its files are named', () => {
    const targets = new Map([
      ['a', ['b', 'c']],
      ['b', ['c']],
      ['c', ['d']],
      ['d', ['b']],
    ]);
    expect(cycleOf(targets)).toEqual(['b', 'c', 'd', 'b']);
    expect(cycleOf(new Map([...targets, ['d', ['e']]]))).toEqual([]);
  });

  test('cli/commands/ has the commands of the table, which do not import each other', () => {
    const inFolder = ours.filter((file) => path.dirname(file) === 'cli/commands' && !isTest(file));
    const inTable = imports('cli/commands.ts').filter((target) => target.startsWith('./commands/'));
    expect(inFolder.map((file) => `./${path.relative('cli', file)}`).sort()).toEqual(
      [...new Set(inTable)].sort(),
    );
    expect(inFolder.filter((file) => imports(file).some((target) => target.startsWith('./')))).toEqual([]);
  });

  test('domain imports only zod from outside', () => {
    const outside = ours.filter((file) => folderOf(file) === 'domain' && !isTest(file)).flatMap(imports);
    expect(new Set(outside.filter((target) => !target.startsWith('.')))).toEqual(new Set(['zod']));
  });

  test.each(Object.entries(oneFile))('only the place that the table names imports %s', (library, place) => {
    const users = ours.filter(
      (file) =>
        !isTest(file) &&
        imports(file).some((target) => target === library || target.startsWith(`${library}/`)),
    );
    expect(users.filter((file) => !place.test(file))).toEqual([]);
    expect(users).not.toEqual([]);
  });

  test('environment, clock and console belong to the command line', () => {
    const inside = ours.filter((file) => folderOf(file) !== 'cli' && !isTest(file) && file.endsWith('.ts'));
    expect(
      inside.filter((file) =>
        /process\.env|Date\.now\(|console\.(log|error|warn|info|debug)\(|new Date\(\)/.test(code(file)),
      ),
    ).toEqual([]);
  });

  test('there are no default exports and no utils.ts', () => {
    const sources = files.filter(
      (file) => file.endsWith('.ts') && !file.endsWith('.config.ts') && !file.endsWith('.d.ts'),
    );
    expect(sources.filter((file) => /^export default/m.test(code(file)))).toEqual([]);
    expect(files.filter((file) => /(^|\/)utils?\.ts$/.test(file))).toEqual([]);
  });
});
