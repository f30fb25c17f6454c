// Measures how good detection is: replays every scenario, with numbers that vary by seed, with the real program.
//   npm run eval -- [--seeds 5] [--first-seed 1] [--scenario NAME]... [--calm-days 20] [--jobs 2] [--json]
// Seeds below 1000 are for tuning. Published figures come from other seeds (--first-seed 1000 and above), which nobody
// looked at before.
import { parseArgs } from 'node:util';
import type { Incident } from '../domain/incident.ts';
import { findScenario, scenarios } from '../simulate/scenarios.ts';
import type { Scenario } from '../simulate/scenario.ts';
import { vary } from '../simulate/vary.ts';
import { printReport } from './eval/report.ts';
import { type Outcome, runScenario } from './eval/run-scenario.ts';
import { score } from './eval/score.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '5' },
    'first-seed': { type: 'string', default: '1' },
    scenario: { type: 'string', multiple: true },
    'calm-days': { type: 'string', default: '0' },
    jobs: { type: 'string', default: '2' },
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

const outcomes: { outcome: Outcome; seed: number }[] = [];
let done = 0;
await Promise.all(
  Array.from({ length: Number(values.jobs) }, async () => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
      const outcome = await runScenario(job.scenario, job.seed);
      outcomes.push({ outcome, seed: job.seed });
      done++;
      const { matches, false_alarms: falseAlarms } = score(outcome);
      for (const { wanted, found } of matches) if (found === null) note(job, `missed ${wanted.kind}`);
      for (const { wanted, found, isScopeRight } of matches)
        if (found !== null && !isScopeRight)
          note(job, `${found.kind} of ${JSON.stringify(found.scope)}, not ${JSON.stringify(wanted.scope)}`);
      for (const { wanted, found, isPartyRight } of matches)
        if (found !== null && isPartyRight === false)
          note(job, `${found.kind} blames ${found.verdict.party}, not ${wanted.party}`);
      for (const alarm of falseAlarms) note(job, `false alarm: ${describe(alarm)}`);
      for (const { wanted, duplicates } of matches)
        if (duplicates > 0) note(job, `${wanted.kind} found ${duplicates + 1} times`);
    }
  }),
);

if (values.json)
  console.log(JSON.stringify(outcomes.map(({ outcome, seed }) => ({ seed, ...score(outcome) }))));
else printReport(outcomes.map(({ outcome }) => outcome));

function note({ scenario, seed }: Job, text: string): void {
  console.error(`[${done}/${done + jobs.length}] ${scenario.name} seed ${seed}: ${text}`);
}

function describe({ kind, scope, started_at, summary }: Incident): string {
  return `${kind} ${JSON.stringify(scope)} at ${started_at.slice(11, 19)}: ${summary}`;
}
