import { availableParallelism, cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { backlogMemory } from './ingest/backlog-memory.ts';
import { dataSets } from './ingest/data-set.ts';
import { latency, quietPartitions } from './ingest/freshness.ts';
import { openLab } from './ingest/lab.ts';
import { fine, type Finding, table } from './ingest/report.ts';
import { throughput, type ThroughputPart } from './ingest/throughput.ts';

// Compares workers that bring a topic of Kafka into ClickHouse with the plain Kafka client and with ClickHouse's own
// Kafka engine on the same topic. Starts its own broker; README.md describes the parts.

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'a,b,c,d,e,f,g' },
    records: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '2' },
    sets: { type: 'string', default: dataSets.join(',') },
  },
});
const records = Number(values.records);
const rounds = Number(values.rounds);
if (!(Number.isInteger(records) && records >= 1_000 && Number.isInteger(rounds) && rounds >= 1)) {
  console.error('--records takes a number from 1000 on, --rounds one from 1 on');
  process.exit(2);
}
const parts = new Set(values.only.split(','));
const isThroughput = (part: string): part is ThroughputPart => ['a', 'b', 'c', 'd'].includes(part);
const sets = dataSets.filter((set) => values.sets.split(',').includes(set));
if (sets.length === 0) {
  console.error(`--sets takes ${dataSets.join(' and ')}`);
  process.exit(2);
}
const say = (text: string): void => console.error(text);

const lab = await openLab();
const findings: Finding[] = [];
try {
  const found = async (finding: Promise<Finding>): Promise<void> => {
    findings.push(await finding);
    say(table(findings.at(-1)?.lines ?? []));
  };
  const compared = new Set([...parts].filter(isThroughput));
  for (const set of sets) {
    if (compared.size > 0) await found(throughput(lab, compared, set, records, rounds, say));
    if (parts.has('e')) await found(backlogMemory(lab, set, records));
  }
  if (parts.has('f')) await found(latency(lab));
  if (parts.has('g')) await found(quietPartitions(lab));
} finally {
  await lab.close();
}
const load = loadavg().map(fine).join(' ');
console.log(
  `${records.toLocaleString('en')} records of about 450 bytes; ${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'}), load average ${load}, Node ${process.version}`,
);
console.log(table(findings.flatMap(({ lines }) => lines)));
console.log(JSON.stringify(Object.assign({}, ...findings.map(({ figures }) => figures))));
process.exit(0);
