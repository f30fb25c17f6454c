// Measures how good detection is: replays scenarios, with numbers that vary by seed, in the real program. Without
// --scenario it replays all except load, demo-day and calm-day.
//   npm run eval -- [--seeds 5] [--first-seed 1] [--scenario NAME]... [--calm-days 20] [--jobs 2] [--json] [--save FILE]
// With --save each result is saved as one line. A scenario is not run again with a seed whose result is saved, so a long
// evaluation can be stopped and continued. Seeds below 1000 are for tuning. Published figures come from seeds from 1000
// on (--first-seed 1000), whose results nobody looked at while tuning.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Incident } from '../domain/incident.ts';
import { findScenario, scenarios } from '../simulate/scenarios.ts';
import type { Scenario } from '../simulate/scenario.ts';
import { vary } from '../simulate/vary.ts';
import { printReport } from './eval/report.ts';
import { type Result, resultOf } from './eval/result.ts';
import { runScenario } from './eval/run-scenario.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '5' },
    'first-seed': { type: 'string', default: '1' },
    scenario: { type: 'string', multiple: true },
    'calm-days': { type: 'string', default: '0' },
    jobs: { type: 'string', default: '2' },
    save: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

interface Job {
  scenario: Scenario;
  seed: number;
}

const first = Number(values['first-seed']);
const seeds = Array.from({ length: Number(values.seeds) }, (_, i) => first + i);
const chosen =
  values.scenario?.map((name) => {
    const scenario = findScenario(name);
    if (scenario === null) throw new Error(`--scenario ${name}: no such scenario; see docs/simulate.md`);
    return scenario;
  }) ?? scenarios.filter(({ name }) => name !== 'load' && name !== 'demo-day' && name !== 'calm-day');
const calm = findScenario('calm-day');
const jobs: Job[] = chosen.flatMap((scenario) =>
  seeds.map((seed) => ({ scenario: vary(scenario, seed), seed })),
);
for (let day = 0; calm !== null && day < Number(values['calm-days']); day++)
  jobs.push({ scenario: vary(calm, first + day), seed: first + day });

const { save } = values;
const results: Result[] = save !== undefined && existsSync(save) ? readResults(save) : [];
const known = new Set(results.map(({ scenario, seed }) => `${scenario} ${seed}`));
const open = jobs.filter(({ scenario, seed }) => !known.has(`${scenario.name} ${seed}`));
const total = open.length;
let done = 0;
await Promise.all(
  Array.from({ length: Number(values.jobs) }, async () => {
    for (let job = open.shift(); job !== undefined; job = open.shift()) {
      const result = resultOf(await runScenario(job.scenario, job.seed), job.seed);
      results.push(result);
      if (save !== undefined) appendFileSync(save, `${JSON.stringify(result)}\n`);
      done++;
      tell(job, result);
    }
  }),
);

if (values.json) console.log(JSON.stringify(results));
else printReport(results);

function readResults(file: string): Result[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line): Result => JSON.parse(line));
}

function tell(job: Job, { matches, false_alarms: falseAlarms }: Result): void {
  for (const { wanted, found, isScopeRight, isPartyRight, duplicates } of matches) {
    if (found === null) note(job, `missed ${wanted.kind}`);
    else if (!isScopeRight)
      note(job, `${found.kind} of ${JSON.stringify(found.scope)}, not ${JSON.stringify(wanted.scope)}`);
    if (found !== null && isPartyRight === false)
      note(job, `${found.kind} blames ${found.verdict.party}, not ${wanted.party}`);
    if (duplicates > 0) note(job, `${wanted.kind} found ${duplicates + 1} times`);
  }
  for (const alarm of falseAlarms) note(job, `false alarm: ${describe(alarm)}`);
}

function note({ scenario, seed }: Job, text: string): void {
  console.error(`[${done}/${total}] ${scenario.name} seed ${seed}: ${text}`);
}

function describe({ kind, scope, started_at, summary }: Incident): string {
  return `${kind} ${JSON.stringify(scope)} at ${started_at.slice(11, 19)}: ${summary}`;
}
