import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { withAdmin } from './kafka-topics.ts';
import { RecordBatch } from './record-batch.ts';

export type Lines = Iterable<string | Buffer | null> | AsyncIterable<string | Buffer | null>;

export interface ProduceOptions {
  /** Partition of the i-th line. Absent: lines go round the partitions in turn. */
  partition?: (index: number) => number;
  /** A batch is sent at this many records or 512 KiB. */
  batch?: number;
  /** Timestamp of the records, epoch milliseconds. */
  timestamp?: number;
}

const batchBytes = 512 * 1024;

/**
 * Writes every line as a record (null is a tombstone), in order within each partition, and resolves with
 * their number once the broker has stored all of them. Plain listeners only.
 */
export async function produceLines(
  brokers: readonly string[],
  topic: string,
  lines: Lines,
  options: ProduceOptions = {},
): Promise<number> {
  const leaders = await connectLeaders(brokers, topic);
  const partition = options.partition ?? ((index: number) => index % leaders.length);
  const timestamp = options.timestamp ?? Date.now();
  const open = leaders.map(() => new RecordBatch(timestamp));
  const limit = options.batch ?? 2_000;
  let index = 0;
  const send = async (target: number): Promise<void> => {
    const batch = open[target];
    if (batch === undefined || batch.count === 0) return;
    open[target] = new RecordBatch(timestamp);
    await leaders[target]?.send(produceRequest(topic, target, batch.finish()));
  };
  /** Returns the partition whose batch is now full, otherwise -1. */
  const append = (line: string | Buffer | null): number => {
    const target = partition(index);
    const batch = open[target];
    if (batch === undefined) throw new RangeError(`topic ${topic} has no partition ${target}`);
    batch.append(line);
    index += 1;
    return batch.count >= limit || batch.size >= batchBytes ? target : -1;
  };
  try {
    // A plain `for` for lines in memory: `for await` would cost a microtask per line.
    if (Symbol.iterator in lines) {
      for (const line of lines) {
        const full = append(line);
        if (full >= 0) await send(full);
      }
    } else {
      for await (const line of lines) {
        const full = append(line);
        if (full >= 0) await send(full);
      }
    }
    for (const target of open.keys()) await send(target);
    for (const leader of new Set(leaders)) await leader.drain();
  } finally {
    for (const leader of leaders) leader.close();
  }
  return index;
}

async function connectLeaders(brokers: readonly string[], topic: string): Promise<Connection[]> {
  const { nodes, partitions } = await withAdmin(brokers[0] ?? '', async (admin) => ({
    nodes: (await admin.describeCluster()).brokers,
    partitions: (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0]?.partitions ?? [],
  }));
  const connections = new Map<number, Connection>();
  const leaders: Connection[] = [];
  for (const { partitionId, leader } of partitions) {
    const node = nodes.find(({ nodeId }) => nodeId === leader);
    if (node === undefined) throw new Error(`partition ${topic}/${partitionId} has no leader`);
    const connection = connections.get(leader) ?? new Connection(await connected(node.host, node.port));
    connections.set(leader, connection);
    leaders[partitionId] = connection;
  }
  return leaders;
}

async function connected(host: string, port: number): Promise<Socket> {
  const socket = connect({ host, port, noDelay: true });
  await once(socket, 'connect');
  return socket;
}

/** A connection with at most `inFlight` unanswered produce requests; the broker keeps their order. */
class Connection {
  readonly #socket: Socket;
  readonly #inFlight = 5;
  #unanswered = 0;
  #error: Error | undefined;
  #received = Buffer.alloc(0);
  #wake: () => void = () => undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the broker closed the connection')));
  }

  async send(request: readonly Buffer[]): Promise<void> {
    await this.#until(() => this.#unanswered < this.#inFlight);
    this.#unanswered += 1;
    this.#socket.cork();
    for (const part of request) this.#socket.write(part);
    this.#socket.uncork();
  }

  drain(): Promise<void> {
    return this.#until(() => this.#unanswered === 0);
  }

  close(): void {
    this.#socket.destroy();
  }

  async #until(done: () => boolean): Promise<void> {
    for (;;) {
      if (this.#error) throw this.#error;
      if (done()) return;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= 4 && this.#received.length >= 4 + this.#received.readInt32BE(0)) {
      const end = 4 + this.#received.readInt32BE(0);
      const code = errorCode(this.#received.subarray(8, end));
      if (code !== 0) this.#fail(new Error(`the broker refused a batch with Kafka error code ${code}`));
      this.#received = this.#received.subarray(end);
      this.#unanswered -= 1;
    }
    this.#wake();
  }

  #fail(error: Error): void {
    this.#error ??= error;
    this.#wake();
  }
}

// Produce, version 7: one topic, one partition, acknowledged by all replicas.
function produceRequest(topic: string, partition: number, records: Buffer): Buffer[] {
  const name = Buffer.from(topic);
  const head = Buffer.alloc(4 + 2 + 2 + 4 + 2 + 2 + 2 + 4 + 4 + 2 + name.length + 4 + 4 + 4);
  let at = head.writeInt32BE(head.length - 4 + records.length, 0);
  at = head.writeInt16BE(0, at); // api: produce
  at = head.writeInt16BE(7, at);
  at = head.writeInt32BE(0, at); // correlation id: answers come in order
  at = head.writeInt16BE(-1, at); // no client id
  at = head.writeInt16BE(-1, at); // no transaction
  at = head.writeInt16BE(-1, at); // acks: all
  at = head.writeInt32BE(30_000, at);
  at = head.writeInt32BE(1, at);
  at = head.writeInt16BE(name.length, at);
  at += name.copy(head, at);
  at = head.writeInt32BE(1, at);
  at = head.writeInt32BE(partition, at);
  head.writeInt32BE(records.length, at);
  return [head, records];
}

/** The error code of a produce response with one topic and one partition, after its correlation id. */
function errorCode(body: Buffer): number {
  const nameLength = body.readInt16BE(4);
  return body.readInt16BE(4 + 2 + nameLength + 4 + 4);
}
