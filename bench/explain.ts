import { readFileSync } from 'node:fs';
import { explain, type ExplainSums } from '../analyzers/explain.ts';

// Measures how often the right scope is first, or among the first three, on labelled incidents, and how long the search
// takes.
//   node bench/explain.ts [FILE]
// FILE has one incident a line: {id, attributes, minutes, rows: [[minute index, requests, failures, value...]...], at, cause: [{attribute: value}...]}.
// Minute `at` is compared with the ten minutes before. Without FILE only the time is measured, on invented rows.

interface Incident {
  id: string;
  attributes: string[];
  minutes: number[];
  rows: [number, number, number, ...string[]][];
  at: number;
  cause: Record<string, string>[];
}

/** The attributes in the order of the dimensions for which they stand: project, client, model, endpoint, region. */
const order = ['p2p', 'cdn', 'bitrate', 'device', 'isp'];
const [file] = process.argv.slice(2);

if (file !== undefined) {
  const incidents = readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Incident);
  const results = incidents.map(judge);
  for (const { id, place, got, want } of results)
    if (place !== 1)
      console.log(`${id}: ${place ?? 'not'} in ${got.slice(0, 4).join('  ')}; right is ${want.join(' or ')}`);
  report('all', results);
  // Nothing is learned from the data, so parts of the data show how much the figures vary.
  report(
    'case…',
    results.filter(({ id }) => id.startsWith('case')),
  );
  report(
    '2020…',
    results.filter(({ id }) => !id.startsWith('case')),
  );
  const sources = [...new Set(results.map(({ id }) => source(id)))].sort();
  for (let part = 0; part < 4; part++)
    report(
      `fold ${part + 1} of 4 by source`,
      results.filter(({ id }) => sources.indexOf(source(id)) % 4 === part),
    );
  bootstrap(results);
}
measure();

interface Result {
  id: string;
  place: number | null;
  got: string[];
  want: string[];
}

function judge({ id, attributes, minutes, rows, at, cause }: Incident): Result {
  const names = order.filter((name) => attributes.includes(name));
  const sums = rows.flatMap(([minute, requests, failures, ...values]): ExplainSums[] => {
    const age = (minutes[at] ?? 0) - (minutes[minute] ?? 0);
    if (age < 0 || age > 600) return [];
    const own = names.map((name) => values[attributes.indexOf(name)] ?? '');
    return age === 0
      ? [{ values: own, requests, failures, usual_requests: 0, usual_failures: 0 }]
      : [{ values: own, requests: 0, failures: 0, usual_requests: requests, usual_failures: failures }];
  });
  const text = (scope: Partial<Record<string, string>>) =>
    names.flatMap((name) => (scope[name] === undefined ? [] : [`${name}=${scope[name]}`])).join(',');
  const got = explain(names, sums).scopes.map(({ scope }) => text(scope));
  const want = cause.map(text);
  const found = got.findIndex((one) => want.includes(one));
  return { id, place: found === -1 ? null : found + 1, got, want };
}

/** The system that an incident comes from: the number at the end of its id, if it has one. */
function source(id: string): string {
  return id.split(/[_ ]/).at(-1) ?? id;
}

function report(title: string, results: readonly Result[]): void {
  const within = (places: number) => results.filter(({ place }) => place !== null && place <= places).length;
  const share = (n: number) => `${n}/${results.length} = ${(n / results.length).toFixed(2)}`;
  console.log(`${title.padEnd(22)} first ${share(within(1))}, in the first three ${share(within(3))}`);
}

/** Prints the middle 90 % of the figures of random samples of the same size, drawn with replacement. */
function bootstrap(results: readonly Result[]): void {
  let state = 1;
  const chance = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  for (const places of [1, 3]) {
    const shares = Array.from({ length: 2_000 }, () => {
      const right = results.filter(() => {
        const { place } = results[Math.floor(chance() * results.length)] ?? { place: null };
        return place !== null && place <= places;
      });
      return right.length / results.length;
    }).sort((a, b) => a - b);
    console.log(
      `within ${places}: 90 % of samples between ${shares[100]?.toFixed(2)} and ${shares[1_899]?.toFixed(2)}`,
    );
  }
}

function measure(): void {
  for (const [combinations, dimensions] of [
    [1_000, 6],
    [1_000, 8],
    [10_000, 8],
    [50_000, 8],
  ] as const) {
    const rows = Array.from({ length: combinations }, (_, i): ExplainSums => {
      const values = Array.from(
        { length: dimensions },
        (__, d) => `v${(Math.imul(i + 1, 2_654_435_761 + d * 40_503) >>> (24 - d)) & (4 + d * 2)}`,
      );
      const bad = values[0] === 'v0' && values[1] === 'v2';
      return {
        values: [...values.slice(0, -1), `k${i % 300}`],
        requests: 100,
        failures: (i % 3) + (bad ? 30 : 0),
        usual_requests: 400,
        usual_failures: (i % 7) + 1,
      };
    });
    const names = Array.from({ length: dimensions }, (_, d) => `d${d}`);
    const times = [0, 1, 2].map(() => {
      const from = performance.now();
      explain(names, rows);
      return performance.now() - from;
    });
    console.log(
      `${combinations} combinations of ${dimensions} dimensions: ${Math.min(...times).toFixed(0)} ms, the first time ${times[0]?.toFixed(0)} ms; ${JSON.stringify(explain(names, rows).scopes[0])}`,
    );
  }
}
