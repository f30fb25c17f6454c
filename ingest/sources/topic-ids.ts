/** The client's table of the versions of one request, with the members that are used here. */
export interface RequestVersions {
  versions: string[];
  protocol(asked: { version: number }): (options: MetadataOptions) => {
    request: object;
    response: { decode(bytes: Buffer): Promise<MetadataAnswer>; parse(decoded: object): Promise<object> };
  };
}

export interface MetadataOptions {
  topics: string[];
  allowAutoTopicCreation?: boolean;
}

/** The newest version of the metadata request that the client knows, and the version with topic ids. */
const known = 6;
const withIds = 12;

/** Receives the topics that an answer of the broker contains. */
export interface TopicListener {
  /** The id is empty when the broker gives none. */
  found(topic: string, id: string): void;
  missed(topic: string): void;
}

/** The broker's error code for a topic that does not exist. */
const UNKNOWN_TOPIC = 3;

/**
 * Wraps the client's metadata request: it uses the version that returns topic ids (Kafka 3.1 and later), and reports
 * each topic as soon as the answer arrives, before the client acts on it. Older brokers get the original request. A
 * missing topic is removed from the answer if another topic is left. Otherwise the client would refuse the whole
 * answer, and not read the other topics either.
 */
export function withTopicIds(metadata: RequestVersions, listener: TopicListener): RequestVersions {
  return {
    versions: [...metadata.versions, String(withIds)],
    protocol: ({ version }) => {
      const old = metadata.protocol({ version: Math.min(version, known) });
      return (options) => {
        const { request, response } = old(options);
        const decode = async (bytes: Buffer): Promise<MetadataAnswer> =>
          version < withIds ? response.decode(bytes) : readMetadata(bytes);
        return {
          request: version < withIds ? request : metadataRequest(options),
          response: {
            parse: (decoded) => response.parse(decoded),
            decode: async (bytes) => withoutMissing(await decode(bytes), listener),
          },
        };
      };
    },
  };
}

/** Reports all topics of an answer to the listener, and removes those that are missing. */
function withoutMissing(answer: MetadataAnswer, listener: TopicListener): MetadataAnswer {
  for (const { topic, topicErrorCode, id = '' } of answer.topicMetadata) {
    if (topicErrorCode === 0) listener.found(topic ?? '', id);
    if (topicErrorCode === UNKNOWN_TOPIC) listener.missed(topic ?? '');
  }
  const topicMetadata = answer.topicMetadata.filter(({ topicErrorCode }) => topicErrorCode !== UNKNOWN_TOPIC);
  return topicMetadata.length === 0 ? answer : { ...answer, topicMetadata };
}

/** The answer as the client decodes it, with the members that are used here. */
interface MetadataAnswer {
  topicMetadata: readonly { topicErrorCode: number; topic: string | null; id?: string }[];
}

function metadataRequest({ topics, allowAutoTopicCreation = true }: MetadataOptions): object {
  const parts = [bytesOf(0)]; // the header has no tagged fields
  // No topics means all topics, which is encoded as a null array.
  parts.push(uvarint(topics.length === 0 ? 0 : topics.length + 1));
  for (const topic of topics) {
    const name = Buffer.from(topic);
    parts.push(Buffer.alloc(16), uvarint(name.length + 1), name, bytesOf(0));
  }
  parts.push(bytesOf(allowAutoTopicCreation ? 1 : 0, 0, 0));
  const bytes = Buffer.concat(parts);
  // The client accepts any object with these two members as its encoder.
  const encoder = { buf: bytes, buffer: bytes };
  return { apiKey: 3, apiVersion: withIds, apiName: 'Metadata', encode: async () => encoder };
}

const bytesOf = (...values: number[]): Buffer => Buffer.from(values);

function uvarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}

/**
 * Decodes to the form that the client uses; the client applies the throttle time itself, as in its own newest version.
 */
function readMetadata(bytes: Buffer) {
  const reader = new Reader(bytes);
  reader.tags();
  const clientSideThrottleTime = reader.int32();
  const brokers = reader.array(() => {
    const broker = { nodeId: reader.int32(), host: reader.text(), port: reader.int32(), rack: reader.text() };
    reader.tags();
    return broker;
  });
  const clusterId = reader.text();
  const controllerId = reader.int32();
  const topicMetadata = reader.array(() => readTopic(reader));
  return { throttleTime: 0, clientSideThrottleTime, brokers, clusterId, controllerId, topicMetadata };
}

function readTopic(reader: Reader) {
  const topicErrorCode = reader.int16();
  const topic = reader.text();
  const id = reader.bytes(16).toString('hex');
  const isInternal = reader.bytes(1)[0] === 1;
  const partitionMetadata = reader.array(() => readPartition(reader));
  reader.int32(); // authorized operations
  reader.tags();
  return { topicErrorCode, topic, id, isInternal, partitionMetadata };
}

function readPartition(reader: Reader) {
  const partitionErrorCode = reader.int16();
  const partitionId = reader.int32();
  const leader = reader.int32();
  reader.int32(); // leader epoch
  const [replicas, isr, offlineReplicas] = [reader.int32s(), reader.int32s(), reader.int32s()];
  reader.tags();
  return { partitionErrorCode, partitionId, leader, replicas, isr, offlineReplicas };
}

/** Reads Kafka's compact encoding. Reading beyond the end throws a RangeError. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  int16(): number {
    return this.bytes(2).readInt16BE();
  }

  int32(): number {
    return this.bytes(4).readInt32BE();
  }

  int32s(): number[] {
    return this.array(() => this.int32());
  }

  text(): string | null {
    const length = this.#uvarint();
    return length === 0 ? null : this.bytes(length - 1).toString('utf8');
  }

  array<T>(read: () => T): T[] {
    return Array.from({ length: Math.max(this.#uvarint() - 1, 0) }, read);
  }

  tags(): void {
    for (let left = this.#uvarint(); left > 0; left -= 1) {
      this.#uvarint();
      this.bytes(this.#uvarint());
    }
  }

  bytes(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError('the metadata answer is cut');
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

  #uvarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.bytes(1)[0] ?? 0;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return value >>> 0;
  }
}
