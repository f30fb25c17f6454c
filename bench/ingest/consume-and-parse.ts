import { Kafka, logLevel } from 'kafkajs';

/** The plan of a program in which the plain Kafka client reads a topic to its end and parses every record. */
export interface ConsumePlan {
  brokers: string[];
  topic: string;
  group: string;
  records: number;
  max_bytes_per_partition: number;
  max_bytes: number;
}

/** From the assignment of the partitions to the last record. */
export interface ConsumeResult {
  seconds: number;
  cpu_seconds: number;
}

const plan: ConsumePlan = JSON.parse(process.argv[2] ?? '{}');
const kafka = new Kafka({ brokers: plan.brokers, clientId: 'ceiling', logLevel: logLevel.NOTHING });
const consumer = kafka.consumer({
  groupId: plan.group,
  maxBytesPerPartition: plan.max_bytes_per_partition,
  maxBytes: plan.max_bytes,
  maxWaitTimeInMs: 250,
});
let began = 0;
let used = process.cpuUsage();
let records = 0;
let tokens = 0;
consumer.on(consumer.events.GROUP_JOIN, () => {
  began = performance.now();
  used = process.cpuUsage();
});
await consumer.connect();
await consumer.subscribe({ topics: [plan.topic], fromBeginning: true });
await consumer.run({
  autoCommit: false,
  eachBatchAutoResolve: false,
  eachBatch: async ({ batch, resolveOffset }) => {
    for (const { value } of batch.messages) {
      const record: { input_tokens?: number } = JSON.parse(value?.toString() ?? 'null');
      tokens += record.input_tokens ?? 0;
    }
    resolveOffset(batch.lastOffset());
    records += batch.messages.length;
    if (records >= plan.records) finish();
  },
});

function finish(): void {
  const cpu = process.cpuUsage(used);
  const result: ConsumeResult & { tokens: number } = {
    seconds: (performance.now() - began) / 1_000,
    cpu_seconds: (cpu.user + cpu.system) / 1e6,
    tokens,
  };
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}
