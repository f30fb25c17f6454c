import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import type { Incident } from '../../domain/incident.ts';
import { generate } from '../../simulate/generate.ts';
import { toLine } from '../../simulate/record.ts';
import type { Scenario, TrueIncident } from '../../simulate/scenario.ts';
import { trueIncidents } from '../../simulate/truth.ts';
import { type Evidence, evidenceOf } from './evidence.ts';
import { type Alert, thresholdAlerts } from './threshold-alert.ts';

const launcher = path.resolve(import.meta.dirname, '../../cli/faultline');
const FROM = Date.UTC(2026, 8, 1);

/** A true incident, with the times from which on it could be noticed. */
export type Wanted = TrueIncident & Evidence;

/**
 * The truth of one scenario, the incidents found in it, and the alerts of a plain threshold. Times of `wanted` and
 * `alerts` are epoch milliseconds.
 */
export interface Outcome {
  scenario: Scenario;
  wanted: Wanted[];
  found: Incident[];
  alerts: Alert[];
  /** Length of the traffic, and the duration of its replay. */
  event_ms: number;
  wall_ms: number;
}

/**
 * Writes the traffic of a scenario to a file and replays it with the real program, as a user would. Throws when the
 * program fails.
 */
export async function runScenario(scenario: Scenario, seed: number | string): Promise<Outcome> {
  const directory = await mkdtemp(path.join(tmpdir(), 'faultline-eval-'));
  try {
    const to = FROM + scenario.duration_ms;
    const file = path.join(directory, `${scenario.name}.ndjson`);
    const truths = trueIncidents(scenario, { from: FROM, to });
    const evidence = evidenceOf(truths, scenario);
    const alerts = thresholdAlerts();
    const out = createWriteStream(file);
    for (const record of generate(scenario, { seed, from: FROM, to })) {
      evidence.add(record);
      alerts.add(record);
      if (!out.write(`${toLine(record)}\n`)) await once(out, 'drain');
    }
    out.end();
    await once(out, 'close');
    const started = performance.now();
    const found = await replay(file, directory, scenario.settings);
    return {
      scenario,
      wanted: evidence.found().flatMap((own, i) => {
        const truth = truths[i];
        return truth === undefined ? [] : [{ ...truth, ...own }];
      }),
      found,
      alerts: alerts.all(),
      event_ms: scenario.duration_ms,
      wall_ms: performance.now() - started,
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function replay(file: string, directory: string, settings: Scenario['settings']): Promise<Incident[]> {
  const args = ['replay', file, '--json'];
  if (settings !== undefined) {
    const config = path.join(directory, 'faultline.yaml');
    await writeFile(config, stringify(settings));
    args.push('--config', config);
  }
  const child = spawn(launcher, args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`replay of ${file} ended with ${code}: ${stderr.slice(-500)}`);
  return (JSON.parse(stdout) as { incidents: Incident[] }).incidents;
}
