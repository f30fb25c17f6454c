import { defineConfig } from 'vitest/config';

// One seed for all chance in the tests: properties, moments of kills, delays. A run that fails can be repeated.
const seed = process.env['TEST_SEED'] ?? String(Math.floor(Math.random() * 2 ** 31));
process.env['TEST_SEED'] = seed;
console.log(`seed of this run: ${seed} (TEST_SEED=${seed} repeats its choices)`);
const setupFiles = ['tests/fixtures/seed.ts'];

const integration = {
  setupFiles,
  globalSetup: ['tests/kafka/kafka-setup.ts'],
  testTimeout: 240_000,
  hookTimeout: 240_000,
  pool: 'forks' as const,
};

// What the first claim of memory and of processor time holds only of a machine that does nothing else for the suite.
// The browser unpacks itself at its first start, and a second file would find it half there.
const alone = [
  'tests/stdin.integration.test.ts',
  'tests/reconcile.integration.test.ts',
  'analyzers/count-window.integration.test.ts',
  'store/http-gateway/judge.integration.test.ts',
  'tests/browser/*.integration.test.ts',
];

// `unit` opens no socket and no engine; `integration` starts real Kafka, real ClickHouse, a real browser, and
// `integration-alone` what must have the machine to itself. Unit runs first, so that the fast answer comes first.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          setupFiles,
          // Generous: whole simulated days run here, and machines are shared.
          testTimeout: 120_000,
          include: [
            '{domain,ingest,store,analyzers,dashboards,simulate,bench,cli,scripts}/**/*.test.ts',
            'tests/*.test.ts',
          ],
          exclude: ['**/*.integration.test.ts'],
          // Files share a process: to load our code again for each took more time than the tests. Processes, not
          // threads: a thread does not take a change of TZ, which tests make.
          pool: 'forks',
          isolate: false,
          // Without this one processor is left idle, which of two is half the machine.
          maxWorkers: '100%',
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...integration,
          name: 'integration',
          include: ['**/*.integration.test.ts'],
          exclude: ['node_modules/**', ...alone],
          // Most of them wait: for a broker, for seconds of quiet, for a clock. Three at a time keep two processors busy.
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...integration,
          name: 'integration-alone',
          include: alone,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
