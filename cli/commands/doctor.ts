import { existsSync } from 'node:fs';
import { openStore } from '../../store/connect.ts';
import { migrationFiles, missingMigrations } from '../../store/migrate.ts';
import { readBareAnswers } from '../../store/queries/bare-answers.ts';
import { readDroppedFields } from '../../store/queries/dropped-fields.ts';
import { readDeliveries } from '../../store/queries/notifications.ts';
import { readFolded } from '../../store/queries/names.ts';
import { readLastRun, readUnits } from '../../store/queries/reclassify-runs.ts';
import { caller, shown } from '../../dashboards/grafana/client.ts';
import type { Store } from '../../store/store.ts';
import type { CommandContext } from '../context.ts';
import { checkSecrets } from '../needs/secrets.ts';
import { describeError, EXIT } from '../errors.ts';
import { createPainter } from '../format/color.ts';
import { bareAnswers, droppedFields } from '../format/input-report.ts';
import { formatCount } from '../format/numbers.ts';
import { runInOneLine } from '../format/reclassify.ts';
import { quietKafkaLog } from '../telemetry/log-events.ts';

/** The result of one check; `skip` when there is nothing to check. */
export interface DoctorCheck {
  name: string;
  result: 'ok' | 'fail' | 'skip';
  /** One line: what was found and, for a failure, what to do. */
  text: string;
}

export interface DoctorOptions {
  json?: boolean;
  config?: string;
}

/** Checks everything that faultline depends on, one line each; exit code 1 when a check fails. */
export async function run(options: DoctorOptions, context: CommandContext): Promise<number> {
  const paint = createPainter(context.color);
  // All checks run at once, because each may wait for a host that does not answer; the results keep their order.
  const running = Object.entries(checksByName).map(([name, check]) =>
    settle(name, () => check(options, context)),
  );
  const checks: DoctorCheck[] = [];
  for (const check of running) {
    const { name, result, text } = await check;
    checks.push({ name, result, text });
    const mark = paint(result.padEnd(4), paints[result]);
    if (options.json !== true) context.out(`${mark}  ${name.padEnd(10)}  ${text}`);
  }
  if (options.json === true) context.out(JSON.stringify(checks, null, 2));
  return checks.some(({ result }) => result === 'fail') ? EXIT.found : EXIT.ok;
}

const paints = { ok: 'green', fail: 'red', skip: 'dim' } as const;

type CheckResult = Omit<DoctorCheck, 'name'>;
type Look = (options: DoctorOptions, context: CommandContext) => Promise<CheckResult>;

const checksByName: Readonly<Record<string, Look>> = {
  settings: async ({ config }) => {
    const file = config ?? (existsSync('faultline.yaml') ? 'faultline.yaml' : null);
    return ok(
      file === null ? 'defaults, environment and flags; there is no faultline.yaml' : `${file} is valid`,
    );
  },
  clickhouse: checkStore,
  names: checkNames,
  reclassify: checkReclassify,
  kafka: checkKafka,
  grafana: checkGrafana,
  notify: checkNotify,
};

/** The checks count unreadable fields and answers without a body of this many hours. */
const DROPPED_HOURS = 24;

async function settle(name: string, check: () => Promise<CheckResult>): Promise<DoctorCheck> {
  try {
    return { name, ...(await check()) };
  } catch (error) {
    return { name, ...fail(describeError(error).line) };
  }
}

async function checkStore(_options: unknown, { settings, err }: CommandContext): Promise<CheckResult> {
  const { url, path } = settings.clickhouse;
  if (url === '' && !existsSync(path)) {
    return ok(`embedded engine; ${path} does not exist yet and is made by the first faultline start`);
  }
  const store = await openStore({ ...settings.clickhouse, timeoutMs: 10_000, notice: err });
  try {
    const [version] = await store.query<{ version: string }>('SELECT version() AS version');
    const missing = (await missingMigrations(store)) ?? (await migrationFiles());
    const where = `${store.kind === 'server' ? 'server' : 'embedded engine'} ${version?.version ?? ''} at ${store.where}`;
    if (missing.length > 0) return fail(`${where} lacks ${missing.join(', ')}: run faultline migrate`);
    const dropped = droppedFields(
      Object.fromEntries(
        (await readDroppedFields(store, DROPPED_HOURS)).map(({ field, records }) => [field, records]),
      ),
    );
    const odd = dropped === '' ? '' : `; in the last ${DROPPED_HOURS} h ${dropped} (docs/formats/README.md)`;
    const unknown = ([429, 503] as const).map(async (status) => {
      const bare = bareAnswers(status, await readBareAnswers(store, status, DROPPED_HOURS));
      return bare === '' ? '' : `; in the last ${DROPPED_HOURS} h ${bare}`;
    });
    return ok(
      `${where}, tables of ${store.database} are up to date${odd}${(await Promise.all(unknown)).join('')}`,
    );
  } finally {
    await store.close();
  }
}

/** Runs a check on the stored data. Skips it when there are no tables, because the check of ClickHouse reports that. */
async function lookAtStored(
  { settings, err }: CommandContext,
  look: (store: Store) => Promise<CheckResult>,
): Promise<CheckResult> {
  const { url, path } = settings.clickhouse;
  if (url === '' && !existsSync(path)) return { result: 'skip', text: 'nothing is stored yet' };
  const store = await openStore({ ...settings.clickhouse, timeoutMs: 10_000, notice: err });
  try {
    if (((await missingMigrations(store)) ?? [null]).length > 0)
      return { result: 'skip', text: 'see clickhouse' };
    return await look(store);
  } finally {
    await store.close();
  }
}

/** Checks whether dimensions have more values than `names.most` counts by name. */
function checkNames(_options: unknown, context: CommandContext): Promise<CheckResult> {
  const { most } = context.settings.names;
  return lookAtStored(context, async (store) => {
    const folded = await readFolded(store);
    if (folded.length === 0) return ok(`no dimension had over ${formatCount(most)} values in the last day`);
    const parts = folded.map(({ dimension, requests }) => `${formatCount(requests)} by ${dimension}`);
    return ok(
      `over ${formatCount(most)} values: in the last day requests were counted under (other), ${parts.join(', ')}; raise names.most, or leave ids out of the names (names.ids)`,
    );
  });
}

/** Checks whether a part of the stored errors was judged by other rules than the rest. */
function checkReclassify(_options: unknown, context: CommandContext): Promise<CheckResult> {
  return lookAtStored(context, async (store) => {
    const run = await readLastRun(store);
    const units = run === null || run.state === 'finished' ? [] : await readUnits(store, run.run);
    const { isUnfinished, text } = runInOneLine(run, units, store.kind);
    return isUnfinished ? fail(text) : ok(text);
  });
}

/**
 * A broker that does not answer is a failure only if a kafka.* setting is set, because users who only read files have
 * no Kafka.
 */
async function checkKafka(_options: unknown, context: CommandContext): Promise<CheckResult> {
  if ([...context.origins.keys()].some((key) => key.startsWith('kafka.'))) return lookAtKafka(context);
  const found = await lookAtKafka(context).catch(() => null);
  if (found?.result === 'ok') return found;
  const brokers = context.settings.kafka.brokers.join(',');
  const why = found === null ? `nothing answers at ${brokers}` : found.text;
  return { result: 'skip', text: `not configured (no kafka.* is set, and ${why})` };
}

async function lookAtKafka(context: CommandContext): Promise<CheckResult> {
  const { kafka } = context.settings;
  const { openKafkaAdmin } = await import('../../ingest/sources/kafka.ts');
  const admin = await openKafkaAdmin(kafka, quietKafkaLog(context.logger));
  try {
    const topics = await admin.topics();
    const missing = kafka.topics.filter((topic) => !topics.includes(topic));
    const brokers = kafka.brokers.join(',');
    if (missing.length > 0) {
      return fail(
        `${brokers} answers, but has no topic ${missing.join(', ')}: create it, or correct kafka.topics`,
      );
    }
    const counts = await Promise.all(
      kafka.topics.map(async (topic) => `${topic} (${(await admin.partitions(topic)).length} partitions)`),
    );
    return ok(`${brokers} answers, with ${counts.join(', ')}`);
  } finally {
    await admin.close();
  }
}

/**
 * Asks Grafana for its folders. Only a list proves that it is Grafana, because a login page or a proxy may answer 200,
 * too.
 */
export async function checkGrafana(
  _options: unknown,
  { settings }: Pick<CommandContext, 'settings'>,
): Promise<CheckResult> {
  const { url } = settings.grafana;
  if (url === '') return { result: 'skip', text: 'grafana.url is empty' };
  const { body } = await caller(settings.grafana)('GET', '/api/folders?limit=1');
  return Array.isArray(body)
    ? ok(`${shown(url)} answers and accepts the token`)
    : fail(`${shown(url)} answers, but not as Grafana does: check grafana.url`);
}

/** Checks what can be checked without sending a message; `notify test` shows whether every receiver can be reached. */
async function checkNotify(_options: unknown, context: CommandContext): Promise<CheckResult> {
  const { notify, clickhouse } = context.settings;
  const names = Object.keys(notify.receivers);
  if (names.length === 0) return { result: 'skip', text: 'notify.receivers has no receiver' };
  await checkSecrets(notify, context);
  const known = `${names.length} receiver${names.length === 1 ? '' : 's'} (${names.join(', ')}), their secrets are there`;
  if (clickhouse.url === '' && !existsSync(clickhouse.path)) return ok(known);
  const store = await openStore({ ...clickhouse, timeoutMs: 10_000, notice: context.err });
  try {
    // The check of ClickHouse already reports missing tables.
    if (((await missingMigrations(store)) ?? ['all']).length > 0) return ok(known);
    const log = await readDeliveries(store, { since: context.now() / 1000 - 7 * 86_400 });
    const failing = log.filter(({ state, receiver }) => state === 'failed' && names.includes(receiver));
    const [newest] = failing;
    if (newest === undefined) return ok(`${known}; none has a message waiting that it did not take`);
    return fail(
      `${newest.receiver} has not taken ${failing.filter(({ receiver }) => receiver === newest.receiver).length} messages (${newest.answer}): correct notify.receivers.${newest.receiver}, or see faultline notify test ${newest.receiver}`,
    );
  } finally {
    await store.close();
  }
}

function ok(text: string): CheckResult {
  return { result: 'ok', text };
}

function fail(text: string): CheckResult {
  return { result: 'fail', text };
}
