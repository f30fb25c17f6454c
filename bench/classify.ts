import { readFileSync } from 'node:fs';
import type { ClassifierInput } from '../domain/classification.ts';
import { classify, readError } from '../ingest/classify/classify.ts';

// Measures how many failed records one core judges per second: by the rules alone, and with the fields of the error.
// The corpus is judged again and again, and the best of many short windows counts, so that other work on the machine
// does not matter. The same run measures JSON.stringify and JSON.parse of the same texts, to compare machines.
const WINDOW_MS = 4;
const WINDOWS = 300;

interface Sample {
  status: number | null;
  body: string;
  headers?: Record<string, string>;
}

const inputs = readFileSync(new URL('../tests/corpus/errors.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Sample)
  .map(
    (sample): ClassifierInput => ({
      provider: 'openai',
      status: sample.status ?? 0,
      error: sample.body,
      exception: '',
      headers: sample.headers ?? null,
    }),
  );

const rates = measure({
  classify,
  'with the fields': readError,
  json: (input) => JSON.parse(JSON.stringify(input.error)) as unknown,
});
for (const [name, rate] of Object.entries(rates))
  console.log(`${name.padEnd(26)} ${Math.round(rate)} records/s`);
console.log(`classify / JSON round trip of the same texts: ${(rates.classify / rates.json).toFixed(3)}`);

console.log('hostile texts: seconds for 100 KB and 200 KB, and the exponent (1 is linear)');
for (const unit of [
  '{',
  '[{"',
  '\\',
  '"',
  "{'error':",
  '{"content":"',
  '429 ',
  'error: 429 ',
  'rate limit ',
  'Retrying ',
  'does not exist ',
]) {
  // The classifier cuts longer texts, which would hide how the time grows. So two texts that it does not cut are
  // compared, one twice as long as the other.
  const [half, full] = [secondsFor(unit, 30_000), secondsFor(unit, 60_000)];
  const [small, large] = [secondsFor(unit, 100_000), secondsFor(unit, 200_000)];
  const exponent = Math.log2(full / half).toFixed(2);
  console.log(
    `${JSON.stringify(unit).padEnd(18)} ${small.toFixed(5)} ${large.toFixed(5)}  30 to 60 KB: ${exponent}  100 to 200 KB: ${Math.log2(large / small).toFixed(2)}`,
  );
}

function measure<Name extends string>(
  jobs: Record<Name, (input: ClassifierInput) => unknown>,
): Record<Name, number> {
  const best = Object.fromEntries(Object.keys(jobs).map((name) => [name, 0])) as Record<Name, number>;
  for (let window = 0; window < WINDOWS; window++) {
    for (const name of Object.keys(jobs) as Name[]) {
      const started = performance.now();
      let done = 0;
      while (performance.now() - started < WINDOW_MS) {
        for (const input of inputs) jobs[name](input);
        done += inputs.length;
      }
      best[name] = Math.max(best[name], (done / (performance.now() - started)) * 1000);
    }
  }
  return best;
}

function secondsFor(unit: string, length: number): number {
  const error = unit.repeat(Math.ceil(length / unit.length));
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 15; run++) {
    const started = performance.now();
    classify({ provider: 'openai', status: 500, error, exception: '', headers: null });
    best = Math.min(best, (performance.now() - started) / 1000);
  }
  return best;
}
