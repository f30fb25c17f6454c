import { defineConfig } from 'vitest/config';

// One seed for all chance in the tests: properties, moments of kills, delays. A run that fails can be repeated.
const seed = process.env['TEST_SEED'] ?? String(Math.floor(Math.random() * 2 ** 31));
process.env['TEST_SEED'] = seed;
console.log(`seed of this run: ${seed} (TEST_SEED=${seed} repeats its choices)`);
const setupFiles = ['tests/fixtures/seed.ts'];

// Two projects: `unit` opens no socket and no engine; `integration` starts real Kafka, real ClickHouse,
// a real browser. Unit runs first, so that the fast answer comes first.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          setupFiles,
          // Generous: whole simulated days run here, and machines are shared.
          testTimeout: 30_000,
          include: [
            '{domain,ingest,store,analyzers,dashboards,simulate,cli,scripts}/**/*.test.ts',
            'tests/*.test.ts',
          ],
          exclude: ['**/*.integration.test.ts'],
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'integration',
          setupFiles,
          globalSetup: ['tests/kafka/kafka-setup.ts'],
          include: ['**/*.integration.test.ts'],
          exclude: ['node_modules/**'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          pool: 'forks',
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
