import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openEmbedded } from '../tests/fixtures/embedded-store.ts';
import { migrate } from '../store/migrate.ts';
import { type IncidentFilter, readIncidents } from '../store/queries/incidents.ts';

// Measures how long the questions of the console and of `explain` about incidents take on the embedded engine, when it
// holds a year of incidents. The engine makes the rows, with texts of about the usual length.
//   node bench/incidents.ts [INCIDENTS]

const count = Number(process.argv[2] ?? 100_000);
const YEAR = 364 * 86_400;
const now = Math.floor(Date.now() / 1_000);
const directory = await mkdtemp(path.join(tmpdir(), 'faultline-incidents-'));
const store = await openEmbedded(directory);
try {
  await migrate(store);
  // Without the view no versions are stored. They are kept for a week only, and this bench does not read them.
  await store.command('DROP VIEW incident_versions_view');
  const at = `${now - YEAR} + intDiv(number * ${YEAR}, ${count})`;
  const time = (seconds: string): string => `fromUnixTimestamp64Milli(toInt64(${seconds}) * 1000)`;
  const json = (bytes: number): string => `concat('{"a":"', hex(randomString(${bytes / 2})), '"}')`;
  await store.command(
    `INSERT INTO incidents (id, version, kind, state, severity, provider, org, scope, started_at, detected_at, resolved_at,
      summary, verdict_party, verdict_why, evidence, remedy, memory)
    SELECT toString(number), toUInt64(${at}) * 1000, 'rate_limit_surge', 'resolved', 'warning', 'openai',
      concat('org-', toString(number % 1000)), concat('{"provider":"openai","org":"org-', toString(number % 1000), '"}'),
      ${time(at)}, ${time(at)}, ${time(`${at} + 600`)}, randomPrintableASCII(200), 'traffic', randomPrintableASCII(300),
      ${json(800)}, '{"steps":["s"],"retry":"no","owner":"o","docs":"d"}', ${json(1_600)}
    FROM numbers(${count}) SETTINGS max_partitions_per_insert_block = 0`,
  );
  console.log(`${count} incidents of a year`);
  await measure('the list of the console', { limit: 100, openFirst: true });
  await measure('those of an hour, for the notes of explain', {
    since: now - 7_200,
    until: now - 3_600,
    states: ['firing', 'resolved'],
    limit: 200,
  });
  await measure('those that are open', { states: ['firing'] });
  await measure('one', { id: String(Math.floor(count / 2)) });
} finally {
  await store.close();
  await rm(directory, { recursive: true, force: true });
}

async function measure(what: string, filter: IncidentFilter): Promise<void> {
  await readIncidents(store, filter);
  const before = process.cpuUsage();
  const started = performance.now();
  const found = await readIncidents(store, filter);
  const ms = performance.now() - started;
  const { user, system } = process.cpuUsage(before);
  console.log(
    `${what}: ${found.length} in ${ms.toFixed(0)} ms, processors ${((user + system) / 1_000).toFixed(0)} ms`,
  );
}
