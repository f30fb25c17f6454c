import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { ConsumePlan, ConsumeResult } from './consume-and-parse.ts';
import { type Drained, drain } from './drain.ts';
import type { EnginePlan, EngineResult } from './kafka-engine-program.ts';
import type { DataSet } from './data-set.ts';
import type { Lab } from './lab.ts';
import { fact, fine, type Finding, goal, type Line, whole } from './report.ts';
import { runProgram } from './run-program.ts';
import { medianOf } from './statistics.ts';

export type ThroughputPart = 'a' | 'b' | 'c' | 'd';

const MIB = 1024 * 1024;
/** Settings of the Kafka client to try; which is fastest depends on the machine. */
const clientSettings = [
  { name: 'its defaults: 1 MiB a partition, 10 MiB', max_bytes_per_partition: MIB, max_bytes: 10 * MIB },
  { name: '4 MiB a partition, 20 MiB', max_bytes_per_partition: 4 * MIB, max_bytes: 20 * MIB },
  { name: '256 KiB a partition, 4 MiB', max_bytes_per_partition: MIB / 4, max_bytes: 4 * MIB },
] as const;

/** Compares, in alternating rounds on one topic, the client alone, one worker, the Kafka engine, and two workers. */
export async function throughput(
  lab: Lab,
  parts: ReadonlySet<ThroughputPart>,
  set: DataSet,
  records: number,
  rounds: number,
  say: (text: string) => void,
): Promise<Finding> {
  const topic = await lab.filledTopic(`load-${set}`, 4, set, records);
  let group = 0;
  const consume = (setting: (typeof clientSettings)[number]): Promise<ConsumeResult> => {
    const plan: ConsumePlan = {
      brokers: lab.kafka.brokers,
      topic,
      group: `ceiling-${set}-${++group}`,
      records,
      ...setting,
    };
    return runProgram('consume-and-parse.ts', plan).answer<ConsumeResult>();
  };
  let best: { setting: (typeof clientSettings)[number]; result: ConsumeResult } | null = null;
  if (parts.has('a')) {
    for (const setting of clientSettings) {
      const result = await consume(setting);
      say(`a: kafkajs, ${setting.name}: ${whole(records / result.seconds)}/s`);
      if (best === null || result.seconds < best.result.seconds) best = { setting, result };
    }
  }
  const ceilings: ConsumeResult[] = [];
  const ones: Drained[] = [];
  const engines: EngineResult[] = [];
  const twos: Drained[] = [];
  for (let round = 1; round <= rounds; round++) {
    if (best !== null) {
      const result = await consume(best.setting);
      ceilings.push(result);
      say(`a, round ${round}: ${whole(records / result.seconds)}/s, ${fine(result.cpu_seconds)} CPU s`);
    }
    if (parts.has('b') || parts.has('d'))
      ones.push(told(say, `b, round ${round}`, await drain(lab, topic, records)));
    if (parts.has('c')) {
      const plan: EnginePlan = {
        brokers: lab.kafka.brokers,
        topic,
        group: `engine-${set}-${++group}`,
        records,
        path: path.join(lab.folder, `engine-${set}-${group}`),
        consumers: 1,
      };
      const result = await runProgram('kafka-engine-program.ts', plan).answer<EngineResult>();
      engines.push(result);
      say(`c, round ${round}: ${whole(records / result.seconds)}/s, ${fine(result.cpu_seconds)} CPU s`);
    }
    if (parts.has('d')) twos.push(told(say, `d, round ${round}`, await drain(lab, topic, records, 2)));
  }
  const found = compare(records, best?.setting.name ?? '', { ceilings, ones, engines, twos });
  return {
    lines: found.lines.map((line) => ({
      ...line,
      what: `${line.what.slice(0, 3)}${set}: ${line.what.slice(3)}`,
    })),
    figures: { [set]: found.figures },
  };
}

function told(say: (text: string) => void, what: string, run: Drained): Drained {
  say(
    `${what}: ${whole(run.rate)}/s, CPU s: ${fine(run.workers_cpu)} workers, ${fine(run.clickhouse_cpu)} ClickHouse, ${fine(run.broker_cpu)} broker; ${run.batches} batches; ${whole(run.memory.max_mb)} MB`,
  );
  return run;
}

interface Rounds {
  ceilings: readonly ConsumeResult[];
  ones: readonly Drained[];
  engines: readonly EngineResult[];
  twos: readonly Drained[];
}

function compare(records: number, setting: string, { ceilings, ones, engines, twos }: Rounds): Finding {
  const lines: Line[] = [];
  const figures: Record<string, unknown> = { records };
  const ceiling = ceilings.length === 0 ? null : medianOf(ceilings, ({ seconds }) => seconds);
  if (ceiling !== null) {
    lines.push(
      fact(
        `a  kafkajs and JSON.parse alone (${setting})`,
        `${whole(records / ceiling.seconds)}/s, ${whole(records / ceiling.cpu_seconds)} per CPU s`,
      ),
    );
    figures['ceiling'] = { setting, rate: records / ceiling.seconds, cpu_seconds: ceiling.cpu_seconds };
  }
  const one = ones.length === 0 ? null : medianOf(ones, ({ rate }) => rate);
  if (one !== null) {
    const cpu = medianOf(ones, ({ per_cpu_second }) => per_cpu_second);
    lines.push(
      fact('b  one worker, ClickHouse in another process', `${whole(one.rate)}/s in ${one.batches} batches`),
    );
    lines.push(
      fact(
        'b  CPU seconds of worker / ClickHouse / broker',
        `${fine(cpu.workers_cpu)} / ${fine(cpu.clickhouse_cpu)} / ${fine(cpu.broker_cpu)}`,
      ),
    );
    lines.push(
      goal(
        'b  per CPU second of worker and ClickHouse',
        whole(cpu.per_cpu_second),
        '≥ 100,000',
        cpu.per_cpu_second >= 100_000,
      ),
    );
    const most = Math.max(...ones.map(({ memory }) => memory.max_mb));
    lines.push(goal('b  worker, most memory of all rounds', `${whole(most)} MB`, '< 400 MB', most < 400));
    figures['one_worker'] = { ...numbers(one), per_cpu_second: cpu.per_cpu_second };
    if (ceiling !== null) {
      const ratio = (one.rate * ceiling.seconds) / records;
      lines.push(goal('b  rate against the ceiling a', fine(ratio), '≥ 0.60', ratio >= 0.6));
      figures['of_ceiling'] = ratio;
    }
  }
  if (engines.length > 0) {
    const engine = medianOf(engines, ({ seconds }) => seconds);
    const cpu = medianOf(engines, ({ cpu_seconds }) => cpu_seconds).cpu_seconds;
    lines.push(
      fact(
        'c  Kafka engine with a multiIf view, counts only',
        `${whole(records / engine.seconds)}/s, ${whole(records / cpu)} per CPU s`,
      ),
    );
    figures['kafka_engine'] = { rate: records / engine.seconds, per_cpu_second: records / cpu };
    if (one !== null) {
      const ratio = (medianOf(ones, ({ per_cpu_second }) => per_cpu_second).per_cpu_second * cpu) / records;
      lines.push(goal('c  b against it, per CPU second', fine(ratio), '≥ 2.00', ratio >= 2));
      lines.push(fact('c  b against it, rate', fine((one.rate * engine.seconds) / records)));
      figures['of_kafka_engine'] = ratio;
    }
  }
  if (twos.length > 0 && one !== null) {
    const two = medianOf(twos, ({ rate }) => rate);
    const ratio = two.rate / one.rate;
    lines.push(
      goal('d  two workers against one', `${fine(ratio)} (${whole(two.rate)}/s)`, '≥ 1.70', ratio >= 1.7),
    );
    lines.push(fact('d  busy: one worker / two workers', `${busy(one)} / ${busy(two)}`));
    figures['two_workers'] = { ...numbers(two), ratio };
  }
  return { lines, figures };
}

function numbers({ memory, ...run }: Drained): Omit<Drained, 'memory'> & { max_mb: number } {
  return { ...run, max_mb: memory.max_mb };
}

/**
 * How many cores workers, ClickHouse and broker use, and how many the machine has. If they use nearly all, the machine
 * is the limit and not the program.
 */
function busy({ workers_cpu, clickhouse_cpu, broker_cpu, seconds }: Drained): string {
  const cores = (workers_cpu + clickhouse_cpu + broker_cpu) / seconds;
  return `${fine(cores)} of ${availableParallelism()} cores (workers ${fine(workers_cpu / seconds)}, ClickHouse ${fine(clickhouse_cpu / seconds)}, broker ${fine(broker_cpu / seconds)})`;
}
