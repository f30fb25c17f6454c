import { receiverTypes } from '../../domain/notify-settings.ts';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../errors.ts';
import { loadSettings, readSettings, type SettingOverride } from './read-settings.ts';
import { settingKeys } from './settings-keys.ts';
import { effectiveSettings } from '../commands/settings.ts';

let folder: string;
let config: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'faultline-settings-'));
  config = path.join(folder, 'faultline.yaml');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The message for a file and an environment, without the file's folder. */
function messageOf(yaml: string, env: Record<string, string> = {}): string {
  writeFileSync(config, yaml);
  try {
    loadSettings({ config, env });
  } catch (error) {
    if (error instanceof UserError && error.exitCode === 2) return error.message.replace(`${folder}/`, '');
    throw error;
  }
  return 'no error';
}

describe('a wrong settings file is one line that names', () => {
  it.each([
    [
      'a mistyped key',
      'kafka:\n  brokerz: 3',
      'faultline.yaml:2: unknown key kafka.brokerz; did you mean kafka.brokers?',
    ],
    [
      'a key on the wrong level',
      'brokers: a:1',
      'faultline.yaml:1: unknown key brokers; did you mean kafka.brokers?',
    ],
    [
      'a key that resembles none',
      'log:\n  xyzzy: 1',
      'faultline.yaml:2: unknown key log.xyzzy; known here: log.level',
    ],
    [
      'a deep key',
      'analyzers:\n  slow_down_surge: {cuont: 3}',
      'faultline.yaml:2: unknown key analyzers.slow_down_surge.cuont; did you mean analyzers.slow_down_surge.count?',
    ],
    [
      'an override by a dimension that does not separate incidents of the kind, in its line',
      'analyzers:\n  overrides:\n    - where: {org: a}\n      error_surge: {count: 3}\n    - where:\n        org: b\n      provider_outage: {count: 3}',
      'faultline.yaml:6: analyzers.overrides.1.where.org is "b": must be left out: incidents of provider_outage are distinguished by provider',
    ],
    [
      'an override that changes no setting',
      'analyzers:\n  overrides:\n    - where: {org: a}',
      'faultline.yaml:3: analyzers.overrides.0 is {"where":{"org":"a"}}: must be a section with the settings of a kind of incident, too',
    ],
    [
      'an override for everybody',
      'analyzers:\n  overrides:\n    - where: {}\n      error_surge: {count: 3}',
      'faultline.yaml:3: analyzers.overrides.0.where is {}: must be a section with at least one of provider, org, model',
    ],
    [
      'a mistyped setting of an override',
      'analyzers:\n  overrides:\n    - where: {org: a}\n      error_surge: {shar: 3}',
      'faultline.yaml:4: unknown key analyzers.overrides.0.error_surge.shar; docs/incidents.md shows those that are known',
    ],
    [
      'a value of an override that is out of range',
      'analyzers:\n  overrides:\n    - where: {org: a}\n      error_surge: {share: 3}',
      'faultline.yaml:4: analyzers.overrides.0.error_surge.share is 3: must be at most 1',
    ],
    [
      'a receiver of an unknown type',
      'notify:\n  receivers:\n    a: {type: fax}',
      `faultline.yaml:3: notify.receivers.a.type is "fax": must be a receiver whose type is one of ${receiverTypes.join(', ')}`,
    ],
    [
      'a secret that is written in the file, without showing it',
      'notify:\n  receivers:\n    a: {type: slack, url: "https://hooks.slack.com/s3cr3t"}',
      'faultline.yaml:3: notify.receivers.a.url: must be env:NAME or file:/path: the place of the secret, never the secret itself',
    ],
    [
      'a secret where a section belongs, without showing it',
      'notify:\n  receivers:\n    a: s3cr3t',
      'faultline.yaml:3: notify.receivers.a: must be a section with keys of its own',
    ],
    [
      'a member that a receiver lacks',
      'notify:\n  receivers:\n    a: {type: webhook}',
      'faultline.yaml:3: notify.receivers.a.url is missing: must be a text',
    ],
    [
      'a password that would be sent in clear text',
      'notify:\n  receivers:\n    a: {type: email, smtp: "h:25", tls: none, password: "env:P", from: a@b, to: [a@b]}',
      'faultline.yaml:3: notify.receivers.a.tls is "none": must be starttls or tls when there is a password: it would otherwise be sent in clear text',
    ],
    [
      'a route to nobody',
      'notify:\n  receivers:\n    a: {type: slack, url: "env:A"}\n  routes:\n    - receivers: [b]',
      'faultline.yaml:5: notify.routes.0.receivers.0 is "b": must be one of notify.receivers: a',
    ],
    [
      'a dimension that no scope has',
      'notify:\n  routes:\n    - {receivers: [a], scope: {team: x}}',
      'faultline.yaml:3: unknown key notify.routes.0.scope.team; docs/notifications.md shows those that are known',
    ],
    ['a flag', 'kafka:\n  tls: maybe', 'faultline.yaml:2: kafka.tls is "maybe": must be true or false'],
    [
      'a number out of range',
      'batch:\n\n  rows: 0',
      'faultline.yaml:3: batch.rows is 0: must be a whole number from 1 to 1000000',
    ],
    [
      'a boolean for a number',
      'batch:\n  rows: true',
      'faultline.yaml:2: batch.rows is true: must be a whole number from 1 to 1000000',
    ],
    [
      'a word for a number',
      'console:\n  port: http',
      'faultline.yaml:2: console.port is "http": must be a whole number from 0 to 65535',
    ],
    [
      'a choice',
      'log:\n level: loud',
      'faultline.yaml:2: log.level is "loud": must be one of debug, info, warn, error, silent',
    ],
    [
      'a value for a section',
      'kafka: 3',
      'faultline.yaml:1: kafka is 3: must be a section with keys of its own',
    ],
    [
      'a broker without port',
      'kafka:\n  brokers: [a:1, x]',
      'faultline.yaml:2: kafka.brokers.1 is "x": must be host:port, such as 127.0.0.1:9092',
    ],
    ['an empty text', 'kafka:\n  group: ""', 'faultline.yaml:2: kafka.group is "": must not be empty'],
    ['a map', 'mapping: 3', 'faultline.yaml:1: mapping is 3: must be a map'],
    [
      'a place in a mapping',
      'format: mapped\nmapping:\n  ts: t\n  status: [s, {from: $..x}]',
      'faultline.yaml:4: mapping.status[1].from: "$..x" is not a path from character 2 on; write $.a.b[0], a.b, $["x.y"], or =text for a fixed value',
    ],
    [
      'several at once',
      'batch:\n  rows: 0\n  bytes: 0',
      'faultline.yaml:2: batch.rows is 0: must be a whole number from 1 to 1000000 (and 1 more wrong setting)',
    ],
    [
      'a login in an address',
      'clickhouse:\n  url: http://me:s3cret@host',
      'faultline.yaml:2: clickhouse.url is "http://***@host": must be an http:// or https:// address without user and password, or empty',
    ],
    [
      'a secret of the wrong type, without showing it',
      'console:\n  token: 12345',
      'faultline.yaml:2: console.token: must be a text',
    ],
    [
      'a retention in other units',
      'clickhouse:\n  retention:\n    error_events: 24h',
      'faultline.yaml:3: clickhouse.retention.error_events is "24h": must be days, weeks or years such as 7d, 2w, 3y (1d to 18250d), or never to keep for ever',
    ],
    [
      'a retention of no days',
      'clickhouse:\n  retention:\n    request_counts: 0d',
      'faultline.yaml:3: clickhouse.retention.request_counts is "0d": must be days, weeks',
    ],
    [
      'a retention longer than that of the coarser counts',
      'clickhouse:\n  retention:\n    request_counts: 100d',
      'faultline.yaml:3: clickhouse.retention.request_counts is "100d": must be at most as long as request_counts_1m',
    ],
    [
      'a retention shorter than the default of the finer counts',
      'clickhouse:\n  retention:\n    request_counts_1m: 2d',
      'clickhouse.retention.request_counts is "7d": must be at most as long as request_counts_1m',
    ],
    [
      'a list in place of a map',
      '- 1',
      'faultline.yaml:1: the settings must be a map of keys, such as kafka: {brokers: [host:9092]}',
    ],
    [
      'a key given twice',
      'format: auto\nformat: native',
      'faultline.yaml:2:1: not valid YAML: Map keys must be unique',
    ],
    [
      'an alias within its own anchor',
      'format: nginx\nmapping:\n  preset: &a [*a]',
      'faultline.yaml:3:15: *a is within its own anchor: write the value itself there',
    ],
    [
      'an alias deep within its own anchor',
      'mapping: &m\n  provider: [=x, {from: *m}]',
      'faultline.yaml:2:25: *m is within its own anchor: write the value itself there',
    ],
    [
      'an alias of no anchor',
      'mapping:\n  ts: *x\n  status: &x $.s',
      'faultline.yaml:2:7: *x names no anchor before it: write the value itself there',
    ],
    ['__proto__', '__proto__:\n  x: 1', 'faultline.yaml:1: unknown key __proto__'],
  ])('%s', (_name, yaml, message) => {
    expect(messageOf(yaml)).toContain(message);
    expect(messageOf(yaml)).not.toContain('\n');
  });

  it('the line of broken YAML', () => {
    expect(messageOf('kafka:\n  brokers: [a:1')).toMatch(/^faultline\.yaml:\d+:\d+: not valid YAML: /);
  });

  it.each([
    ['brackets', '['],
    ['braces', '{'],
    ['quotes', '"'],
    ['keys', 'a:\n'],
    ['dashes', '- '],
    ['anchors', '&a '],
  ])('a file of 1 MB of %s, without parsing it', (_name, piece) => {
    const yaml = piece.repeat(1_000_000 / piece.length);
    const started = performance.now();
    expect(messageOf(yaml)).toBe(
      'settings file faultline.yaml: larger than 32768 bytes; all settings need less, is it another file?',
    );
    // Parsing it would take seconds.
    expect(performance.now() - started).toBeLessThan(500);
  });

  it('a device, because it may have no end', () => {
    expect(() => loadSettings({ config: '/dev/zero', env: {} })).toThrow(
      'settings file /dev/zero: is not a file; name one, or give a pipe as --config /dev/stdin',
    );
  });

  it('a named pipe, because its writer might never come', () => {
    const pipe = path.join(mkdtempSync(path.join(tmpdir(), 'faultline-pipe-')), 'settings.yaml');
    execFileSync('mkfifo', [pipe]);
    // A separate process reads it, because a read that waits would block this one.
    const module = new URL('read-settings.ts', import.meta.url).href;
    const script = `import { loadSettings } from ${JSON.stringify(module)};
      try { loadSettings({ config: ${JSON.stringify(pipe)}, env: {} }); } catch (error) { console.log(error.message); }`;
    const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], { timeout: 20_000 });
    rmSync(path.dirname(pipe), { recursive: true });
    expect(said.toString()).toContain('is not a file');
  });

  it.each([
    [
      'brackets',
      '[',
      /^settings file faultline\.yaml: brackets nested deeper than 32; no setting needs that$/,
    ],
    ['dashes', '- ', /^faultline\.yaml:1:\d+: not valid YAML: nested too deeply$/],
  ])('a file nested by 15,000 %s', (_name, piece, message) => {
    expect(messageOf(piece.repeat(15_000))).toMatch(message);
  });

  it('aliases that expand to an enormous value', () => {
    const levels = Array.from(
      { length: 12 },
      (_, at) => `a${at + 1}: &a${at + 1} [${`*a${at}, `.repeat(9)}]`,
    );
    expect(messageOf(`a0: &a0 x\n${levels.join('\n')}`)).toMatch(/^faultline\.yaml: /);
  });

  it('a file that does not exist, cannot be read, or is a directory', () => {
    expect(() => loadSettings({ config: path.join(folder, 'none.yaml'), env: {} })).toThrow(
      'none.yaml: does not exist',
    );
    expect(() => loadSettings({ config: folder, env: {} })).toThrow('is a directory; name a file');
  });
});

describe('a wrong environment variable is one line that names', () => {
  it.each([
    [
      'a mistyped one',
      { FAULTLINE_KAFKA_BROKRES: 'x' },
      'environment variable FAULTLINE_KAFKA_BROKRES is not a setting; did you mean FAULTLINE_KAFKA_BROKERS?',
    ],
    [
      'one that resembles none',
      { FAULTLINE_XYZZY: 'x' },
      'environment variable FAULTLINE_XYZZY is not a setting; unset it, or see faultline settings --example for the names',
    ],
    [
      'a wrong value',
      { FAULTLINE_BATCH_ROWS: '1e9' },
      'FAULTLINE_BATCH_ROWS: batch.rows is "1e9": must be a whole number from 1 to 1000000',
    ],
    [
      'a batch that is too large for one insert of the store',
      { FAULTLINE_BATCH_BYTES: '1073741824' },
      'FAULTLINE_BATCH_BYTES: batch.bytes is "1073741824": must be a whole number from 1 to 209715200',
    ],
    [
      'one entry of a list',
      { FAULTLINE_KAFKA_BROKERS: 'a:1,b' },
      'FAULTLINE_KAFKA_BROKERS: kafka.brokers is "a:1,b": must be host:port',
    ],
    ['a section', { FAULTLINE_KAFKA: 'x' }, 'environment variable FAULTLINE_KAFKA is not a setting'],
  ])('%s', (_name, env, message) => {
    expect(messageOf('', env)).toContain(message);
  });
});

describe('settings', () => {
  it('have their defaults from an empty file, and from keys without a value', () => {
    const defaults = loadSettings({ env: {} });
    writeFileSync(config, '');
    expect(loadSettings({ config, env: {} })).toEqual(defaults);
    writeFileSync(config, 'kafka:\nbatch:\n  rows:\n');
    expect(loadSettings({ config, env: {} })).toEqual(defaults);
  });

  it('come from the file, then the environment, then flags, and their origin is known', () => {
    writeFileSync(config, 'kafka:\n  group: file\n  client_id: file\n  topics: [file]\n');
    const env = {
      FAULTLINE_KAFKA_CLIENT_ID: 'env',
      FAULTLINE_KAFKA_TOPICS: 'env, more',
      OTHER: 'x',
      FAULTLINE_FORMAT: '',
    };
    const overrides: SettingOverride[] = [{ key: 'kafka.topics', value: 'flag', flag: '--topics' }];
    const { settings, origins } = readSettings({ config, env, overrides });
    expect(settings.kafka).toMatchObject({ group: 'file', client_id: 'env', topics: ['flag'] });
    expect(settings.format).toBe('auto');
    expect(origins.get('kafka.group')).toBe(`${config}:2`);
    expect(origins.get('kafka.client_id')).toBe('FAULTLINE_KAFKA_CLIENT_ID');
    expect(origins.get('kafka.topics')).toBe('--topics');
  });

  it('read texts of the environment as numbers, flags, lists and map entries', () => {
    const env = {
      FAULTLINE_BATCH_ROWS: '12',
      FAULTLINE_KAFKA_TLS: 'yes',
      FAULTLINE_KAFKA_BROKERS: 'a:1, [::1]:2',
      FAULTLINE_MAPPING_STATUS: '$.code',
      FAULTLINE_MAPPING_TS: '$.time',
      FAULTLINE_ANALYZERS_SLOW_DOWN_SURGE_SHARE: '0.5',
    };
    const settings = loadSettings({ env });
    expect(settings.batch.rows).toBe(12);
    expect(settings.kafka).toMatchObject({ tls: true, brokers: ['a:1', '[::1]:2'] });
    expect(settings.mapping).toEqual({ status: '$.code', ts: '$.time' });
    expect(settings.analyzers.slow_down_surge.share).toBe(0.5);
  });

  it('never show a secret, wherever it is written and whatever else is wrong', () => {
    const secrets = settingKeys().filter(({ secret }) => secret);
    expect(secrets.length).toBeGreaterThanOrEqual(4);
    fc.assert(
      fc.property(
        fc.constantFrom(...secrets),
        fc.stringMatching(/^[A-Za-z0-9]{12,20}$/),
        (setting, value) => {
          const { settings, origins } = readSettings({ env: { [setting.env]: value } });
          const shown = effectiveSettings(settings, origins);
          expect(shown).toContain(`"***" # ${setting.env}`);
          expect(shown).not.toContain(value);
          expect(messageOf('kafka: 3', { [setting.env]: value, FAULTLINE_BATCH_ROWS: '0' })).not.toContain(
            value,
          );
        },
      ),
      { numRuns: 30 },
    );
  });
});
