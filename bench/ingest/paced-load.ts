import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel, Partitioners } from 'kafkajs';

/**
 * Records that were sent together: offsets `[from, to)` of a partition, and the time at which sending was due,
 * monotonic ms.
 */
export interface Sent {
  partition: number;
  from: number;
  to: number;
  at: number;
}

/**
 * Sends records at a steady rate for `seconds`, `perSend` at a time, going round the partitions with `perPartition`
 * records each. Resolves with what was sent. If a send is late, the next sends follow at once; `at` stays the time at
 * which a send was due.
 */
export async function sendPaced(
  brokers: string[],
  topic: string,
  lines: Iterator<string>,
  pace: { seconds: number; perSecond: number; perSend: number; perPartition: number; partitions: number },
): Promise<Sent[]> {
  const kafka = new Kafka({ brokers, clientId: 'bench', logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const sent: Sent[] = [];
  const sends = Math.round((pace.seconds * pace.perSecond) / pace.perSend);
  const began = performance.now();
  let n = 0;
  const pending: Promise<void>[] = [];
  for (let i = 0; i < sends; i++) {
    const due = began + (i * pace.perSend * 1_000) / pace.perSecond;
    const early = due - performance.now();
    if (early > 1) await sleep(early);
    const messages = Array.from({ length: pace.perSend }, () => {
      const partition = Math.floor(n++ / pace.perPartition) % pace.partitions;
      return { partition, value: lines.next().value ?? '' };
    });
    pending.push(
      producer.send({ topic, messages, acks: -1 }).then((answers) => {
        for (const { partition, baseOffset } of answers) {
          const from = Number(baseOffset);
          sent.push({
            partition,
            from,
            to: from + messages.filter((message) => message.partition === partition).length,
            at: due,
          });
        }
      }),
    );
  }
  await Promise.all(pending);
  await producer.disconnect();
  return sent;
}
