import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import { openStore } from '../../store/connect.ts';
import { migrate } from '../../store/migrate.ts';
import type { Store } from '../../store/store.ts';
import { type ClickHouseProcess, startClickHouse } from '../fixtures/clickhouse-process.ts';
import { type Running, runFaultline, startFaultline, type Finished } from '../fixtures/run-faultline.ts';

/** A database with analyzers that tell receivers. */
export interface NotifyBench {
  readonly store: Store;
  readonly clickhouse: ClickHouseProcess;
  /** Starts the real `faultline analyze`. */
  start(): Running;
  run(args: readonly string[]): Promise<Finished>;
  close(): Promise<void>;
}

/**
 * Starts ClickHouse and makes its tables. `notify` is the section `notify` of the settings; `env` has the environment
 * variables that the settings refer to.
 */
export async function startNotifyBench(
  notify: unknown,
  { env = {}, settings = {} }: { env?: Record<string, string>; settings?: Record<string, unknown> } = {},
): Promise<NotifyBench> {
  const folder = await mkdtemp(path.join(tmpdir(), 'faultline-notify-'));
  const clickhouse = await startClickHouse();
  const config = path.join(folder, 'faultline.yaml');
  const whole = {
    ...settings,
    clickhouse: { url: clickhouse.url, user: 'default', database: 'notify' },
    metrics: { port: 0 },
    notify,
  };
  await writeFile(config, stringify(whole));
  const options = { env: { ...env, FAULTLINE_CLICKHOUSE_PASSWORD: clickhouse.token }, cwd: folder };
  const store = await openStore({
    url: clickhouse.url,
    path: '',
    database: 'notify',
    user: 'default',
    password: clickhouse.token,
    cluster: '',
  });
  await migrate(store);
  const programs: Running[] = [];
  return {
    store,
    clickhouse,
    start() {
      const program = startFaultline(['analyze', '--config', config], options);
      programs.push(program);
      return program;
    },
    run: (args) => runFaultline([...args, '--config', config], options),
    async close() {
      for (const { child } of programs) child.kill('SIGKILL');
      await Promise.all(programs.map(({ finished }) => finished));
      await store.close().catch(() => undefined);
      await clickhouse.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
