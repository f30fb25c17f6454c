import { existsSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { commands } from '../cli/commands.ts';
import { type PackageFile, withoutEmbeddedEngine } from '../deploy/without-embedded-engine.ts';
import { settingsSchema } from '../domain/settings.ts';
import { findScenario } from '../simulate/scenarios.ts';

const root = new URL('../', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, root), 'utf8');

// Strict, because Docker refuses an unknown key: a misspelt key must fail here and not at the first user.
const healthcheck = z.strictObject({
  test: z.array(z.string()).min(2),
  interval: z.string(),
  timeout: z.string(),
  retries: z.number(),
  start_period: z.string(),
});
const service = z.strictObject({
  image: z.string(),
  build: z.string().optional(),
  profiles: z.array(z.string()).optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  healthcheck: healthcheck.optional(),
  deploy: z.object({ replicas: z.number() }).optional(),
  restart: z.string(),
  init: z.boolean().optional(),
  read_only: z.boolean().optional(),
  tmpfs: z.array(z.string()).optional(),
  cap_drop: z.array(z.string()).optional(),
  security_opt: z.array(z.string()).optional(),
  stop_grace_period: z.string().optional(),
  entrypoint: z.array(z.string()).optional(),
  ulimits: z.record(z.string(), z.object({ soft: z.number(), hard: z.number() })).optional(),
});
const compose = z
  .object({ services: z.record(z.string(), service), volumes: z.record(z.string(), z.null()) })
  .parse(parse(read('docker-compose.yml'), { merge: true }));
const services = Object.entries(compose.services);
const ours = services.filter(([, { image }]) => image === 'faultline:local');

describe('docker-compose.yml', () => {
  test('has every part, two workers among them', () => {
    expect(services.map(([name]) => name).toSorted()).toEqual([
      'analyzer',
      'clickhouse',
      'demo-history',
      'demo-quota',
      'demo-slow-down',
      'grafana',
      'kafka',
      'kafka-topic',
      'migrate',
      'worker',
    ]);
    expect(compose.services['worker']?.deploy?.replicas).toBe(2);
    expect(services.filter(([, { profiles }]) => profiles?.includes('demo')).map(([name]) => name)).toEqual([
      'demo-history',
      'demo-slow-down',
      'demo-quota',
    ]);
  });

  test.each(services)('%s: the image is pinned by version and digest', (_name, { image }) => {
    expect(image).toMatch(/^(faultline:local|\$\{[A-Z]+_IMAGE:-[\w/-]+:[\d.]+@sha256:[0-9a-f]{64}\})$/);
  });

  test.each(services)('%s: ports are bound to loopback', (_name, { ports }) => {
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  test.each(services)('%s: what it mounts exists', (_name, { volumes }) => {
    for (const volume of volumes) {
      const source = volume.split(':')[0] ?? '';
      if (source.startsWith('./')) {
        expect(existsSync(new URL(source, root)), source).toBe(true);
        expect(volume, 'our files are not to be changed from inside').toMatch(/:ro$/);
      } else expect(compose.volumes, source).toHaveProperty(source);
    }
  });

  test.each(services)('%s: waits for what exists and can be waited for', (_name, { depends_on }) => {
    for (const [name, { condition }] of Object.entries(depends_on)) {
      const other = compose.services[name];
      expect(other, name).toBeDefined();
      if (condition === 'service_healthy') expect(other?.healthcheck, name).toBeDefined();
      else {
        expect(condition).toBe('service_completed_successfully');
        expect(other?.restart, `${name} must be able to end`).toBe('on-failure');
      }
    }
  });

  test('Grafana, workers and analyzers start after the tables exist', () => {
    for (const name of ['grafana', 'worker', 'analyzer']) {
      expect(compose.services[name]?.depends_on['migrate']).toEqual({
        condition: 'service_completed_successfully',
      });
    }
  });

  test.each(ours)('%s: its command and flags exist', (_name, { command = [] }) => {
    const known = commands.find(({ name }) => name === command[0]);
    expect(known, command.join(' ')).toBeDefined();
    const flags = (known?.options ?? []).map(({ flags }) => flags.split(' ')[0]);
    for (const flag of command.filter((part) => part.startsWith('--'))) expect(flags, flag).toContain(flag);
    const scenario = command[command.indexOf('--scenario') + 1];
    if (command.includes('--scenario')) expect(findScenario(scenario ?? ''), scenario).not.toBeNull();
  });

  test.each(ours)('%s: its settings exist', (_name, { environment }) => {
    const known = new Set(
      Object.entries(settingsSchema.shape).flatMap(([group, schema]) => {
        const inner = schema instanceof z.ZodPrefault ? schema.unwrap() : schema;
        const keys = inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
        return keys.map((key) => `FAULTLINE_${group}_${key}`.toUpperCase());
      }),
    );
    expect(Object.keys(environment).length).toBeGreaterThan(0);
    for (const name of Object.keys(environment)) expect([...known], name).toContain(name);
  });

  test('every password comes from the environment, with a default for development', () => {
    const passwords = services.flatMap(([, { environment }]) =>
      Object.entries(environment).filter(([name]) => /PASSWORD/.test(name)),
    );
    expect(passwords.length).toBeGreaterThan(4);
    for (const [name, value] of passwords) expect(String(value), name).toMatch(/^\$\{[A-Z_]+:-.+\}$/);
  });

  test('.env.example has every variable, with the default of the compose file', () => {
    const used = new Map(
      [...read('docker-compose.yml').matchAll(/\$\{([A-Z_]+):-([^}]*)\}/g)].map(
        (match) => [match[1] ?? '', match[2] ?? ''] as const,
      ),
    );
    const example = new Map(
      read('.env.example')
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'))
        .map((line) => [line.split('=')[0] ?? '', line.slice(line.indexOf('=') + 1)] as const),
    );
    expect(Object.fromEntries(example)).toEqual(Object.fromEntries(used));
  });

  test.each(['kafka', 'clickhouse', 'grafana', 'worker', 'analyzer'])(
    '%s: says whether it is well',
    (name) => {
      expect(compose.services[name]?.healthcheck).toBeDefined();
    },
  );

  test('health checks of workers and analyzers use the default addresses', () => {
    const { host, port } = settingsSchema.parse({}).metrics;
    for (const name of ['worker', 'analyzer'])
      expect(compose.services[name]?.healthcheck?.test.at(-1)).toContain(`http://${host}:${port}/healthz`);
  });

  test('each ClickHouse user has the rights that its part needs, and nobody else can log in', () => {
    const users = read('deploy/clickhouse/users.xml');
    const { user, database } = settingsSchema.parse({
      clickhouse: {
        user: compose.services['worker']?.environment['FAULTLINE_CLICKHOUSE_USER'],
        database: compose.services['worker']?.environment['FAULTLINE_CLICKHOUSE_DATABASE'],
      },
    }).clickhouse;
    expect(users).toContain(`<${user}>`);
    expect(users).toContain(`GRANT ALL ON ${database}.*`);
    expect([...users.matchAll(/GRANT (\w+) ON (\S+?)</g)].map((match) => `${match[1]} ${match[2]}`)).toEqual([
      'ALL faultline.*',
      'SELECT system.*',
      'SELECT faultline.*',
    ]);
    expect(users).not.toContain('access_management');
    const names = Object.keys(compose.services['clickhouse']?.environment ?? {});
    expect(names.filter((name) => name.startsWith('CLICKHOUSE_'))).toEqual([]);
    for (const [, name = ''] of users.matchAll(/from_env="(\w+)"/g)) expect(names).toContain(name);
  });

  test('the demo sends traffic with the present time as long as it runs', () => {
    const live = services.filter(([, { command = [] }]) => command.includes('--live'));
    expect(live.map(([name]) => name)).toEqual(['demo-slow-down', 'demo-quota']);
  });

  test('the webhook of the alerts is never empty, which would stop Grafana', () => {
    const url = String(compose.services['grafana']?.environment['FAULTLINE_ALERT_WEBHOOK_URL']);
    expect(url).toMatch(/^\$\{FAULTLINE_ALERT_WEBHOOK_URL:-http:.+\}$/);
    expect(read('dashboards/grafana/out/alerting/contact-points.json')).toContain(
      '"$FAULTLINE_ALERT_WEBHOOK_URL"',
    );
  });
});

describe('the provisioning of Grafana', () => {
  const source = parse(read('deploy/grafana/provisioning/datasources/clickhouse.yaml')) as {
    datasources: {
      uid: string;
      type: string;
      jsonData: Record<string, unknown>;
      secureJsonData: Record<string, string>;
    }[];
  };
  const provider = parse(read('deploy/grafana/provisioning/dashboards/faultline.yaml')) as {
    providers: { options: { path: string }; allowUiUpdates: boolean }[];
  };
  const grafana = compose.services['grafana'];

  test('the data source is the one that the alert rules ask', () => {
    const [clickhouse] = source.datasources;
    const rules = read('dashboards/grafana/out/alerting/rules.json');
    expect(rules).toContain(`"datasourceUid": "${clickhouse?.uid}"`);
    expect(rules).toContain(`"type": "${clickhouse?.type}"`);
    expect(String(grafana?.environment['GF_PLUGINS_PREINSTALL_SYNC'])).toMatch(
      new RegExp(`^${clickhouse?.type}@[\\d.]+$`),
    );
    expect(rules).toContain(
      `"pluginVersion": "${String(grafana?.environment['GF_PLUGINS_PREINSTALL_SYNC']).split('@')[1]}"`,
    );
  });

  test('it logs in as the read-only user of ClickHouse, with the password that both receive', () => {
    const [clickhouse] = source.datasources;
    const users = read('deploy/clickhouse/users.xml');
    expect(users).toContain(`<${String(clickhouse?.jsonData['username'])}>`);
    expect(users).toContain(`GRANT SELECT ON ${String(clickhouse?.jsonData['defaultDatabase'])}.*`);
    expect(users).toContain('<readonly>1</readonly>');
    expect(users).toMatch(/<max_execution_time>\s*<changeable_in_readonly\/>/);
    expect(clickhouse?.secureJsonData['password']).toBe('$GRAFANA_CLICKHOUSE_PASSWORD');
    expect(users).toContain('from_env="GRAFANA_CLICKHOUSE_PASSWORD"');
    for (const name of ['grafana', 'clickhouse']) {
      expect(compose.services[name]?.environment).toHaveProperty('GRAFANA_CLICKHOUSE_PASSWORD');
    }
  });

  test('dashboards and runbooks are mounted where Grafana and the commands look for them', () => {
    const folder = provider.providers[0]?.options.path;
    expect(grafana?.volumes).toContain(`./dashboards/grafana/out/dashboards:${folder}:ro`);
    expect(grafana?.volumes).toContain('./docs:/usr/share/grafana/public/faultline:ro');
    const home = String(grafana?.environment['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH']);
    expect(home.startsWith(`${folder}/`)).toBe(true);
    expect(existsSync(new URL(`dashboards/grafana/out/dashboards/${home.split('/').at(-1)}`, root))).toBe(
      true,
    );
    expect(provider.providers[0]?.allowUiUpdates).toBe(false);
  });
});

describe('the image', () => {
  const dockerfile = read('Dockerfile');

  test('copies only files that exist and that .dockerignore lets through', () => {
    const allowed = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap((match) =>
      (match[1] ?? '').split(' '),
    );
    expect(copied.length).toBeGreaterThan(8);
    for (const name of copied) {
      expect(existsSync(new URL(name, root)), name).toBe(true);
      expect(allowed, name).toContain(name);
    }
  });

  test('contains every folder of code that the commands import', () => {
    for (const folder of ['domain', 'store', 'ingest', 'analyzers', 'dashboards', 'simulate', 'cli']) {
      expect(statSync(new URL(folder, root)).isDirectory()).toBe(true);
      expect(dockerfile).toContain(`COPY ${folder} ./${folder}`);
    }
  });

  test('runs as an unprivileged user, with the entry point of package.json', () => {
    expect(dockerfile).toMatch(/^USER node$/m);
    const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map((match) => match[1] ?? '');
    expect(new Set(bases).size).toBe(1);
    expect(bases[0]).toMatch(/^node:24[\d.]*-slim@sha256:[0-9a-f]{64}$/);
    expect(dockerfile).toContain('"cli/main.ts"');
  });

  test('leaves out the embedded engine and keeps the native parts of the codecs', () => {
    const lock = withoutEmbeddedEngine(JSON.parse(read('package-lock.json')) as PackageFile);
    const names = Object.keys(lock.packages ?? {});
    expect(names.filter((name) => /chdb/.test(name))).toEqual([]);
    expect(JSON.stringify(lock.packages?.[''])).not.toContain('chdb');
    expect(names.filter((name) => /(snappy|lz4-napi)-linux-(x64|arm64)-gnu$/.test(name))).toHaveLength(4);
    const manifest = withoutEmbeddedEngine(JSON.parse(read('package.json')) as PackageFile);
    expect(manifest.optionalDependencies).toEqual({});
  });
});
