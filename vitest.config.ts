import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// One seed for all chance in the tests: properties, moments of kills, delays. A run that fails can be repeated.
const seed = process.env['TEST_SEED'] ?? String(Math.floor(Math.random() * 2 ** 31));
process.env['TEST_SEED'] = seed;
console.log(`seed of this run: ${seed} (TEST_SEED=${seed} repeats its choices)`);
const setupFiles = ['tests/fixtures/seed.ts'];

const integration = {
  setupFiles,
  globalSetup: ['tests/kafka/kafka-setup.ts', 'tests/browser/browser-setup.ts'],
  // How long a page may take to show something. The default of one second is for machines that do nothing else.
  expect: { poll: { timeout: 20_000 } },
  testTimeout: 240_000,
  hookTimeout: 240_000,
  pool: 'forks' as const,
};

// What they claim of memory, of processor time and of seconds holds only of a machine that does nothing else for the suite.
const alone = [
  'tests/stdin.integration.test.ts',
  'tests/reconcile.integration.test.ts',
  'analyzers/count-window.integration.test.ts',
  'store/http-gateway/judge.integration.test.ts',
  'tests/browser/live.integration.test.ts',
];

// They wait for minutes and compute little. The runner begins with the largest files and would begin with these last: then
// the end of the run waits for one of them, and the machine has nothing else to do.
const first = ['tests/faults/notify.integration.test.ts', 'tests/pipeline-incident.integration.test.ts'];

class LongWaitsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const waits = ({ moduleId }: TestSpecification): boolean => first.some((file) => moduleId.endsWith(file));
    const sorted = await super.sort(files);
    return [...sorted.filter(waits), ...sorted.filter((file) => !waits(file))];
  }
}

// `unit` opens no socket and no engine; `integration` starts real Kafka, real ClickHouse, a real browser, and
// `integration-alone` what must have the machine to itself. Unit runs first, so that the fast answer comes first.
export default defineConfig({
  test: {
    sequence: { sequencer: LongWaitsFirst },
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
          // Most of them wait: for a broker, for seconds of quiet, for a clock. One takes 0.6 of a processor on average, so
          // that four at a time keep two processors busy.
          maxWorkers: 4,
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
