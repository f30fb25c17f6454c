import { createRequire } from 'node:module';
import * as fc from 'fast-check';
import { CompressionCodecs, CompressionTypes } from 'kafkajs';
import { beforeAll, describe, expect, it } from 'vitest';
import { codecs } from '../ingest/sources/codecs.ts';
import {
  type FetchDecoder,
  isRawMessage,
  rawDecodeMessages,
  rawMessages,
} from '../ingest/sources/raw-fetch.ts';
import { rawRecords } from '../ingest/sources/raw-records.ts';
import { eachRecord, openRecordBatch } from '../ingest/sources/record-set.ts';
import { RecordBatch } from './kafka/record-batch.ts';

// The client's own encoder and decoder check every byte.
interface Client {
  encode(batch: object): Promise<{ buffer: Buffer }>;
  encodeRecord(record: object): object;
  Decoder: new (buffer: Buffer) => FetchDecoder;
  decodeMessages(
    decoder: FetchDecoder,
  ): Promise<{ offset: string; value: Buffer | null; timestamp: string }[]>;
}
const require = createRequire(import.meta.url);
const client: Client = {
  encode: require('kafkajs/src/protocol/recordBatch/v0').RecordBatch,
  encodeRecord: require('kafkajs/src/protocol/recordBatch/record/v0'),
  Decoder: require('kafkajs/src/protocol/decoder'),
  decodeMessages: originalOf('kafkajs/src/protocol/requests/fetch/v4/decodeMessages'),
};

/** The original module of the library. The worker replaces it, and test files of one process share the replacement. */
function originalOf(name: string) {
  const path = require.resolve(name);
  const cached = require.cache[path];
  delete require.cache[path];
  const original: unknown = require(path);
  if (cached !== undefined) require.cache[path] = cached;
  return original as Client['decodeMessages'];
}

beforeAll(() => {
  CompressionCodecs[CompressionTypes.Snappy] = () => codecs.snappy;
  CompressionCodecs[CompressionTypes.LZ4] = () => codecs.lz4;
  CompressionCodecs[CompressionTypes.ZSTD] = () => codecs.zstd;
});

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const record = fc.record({
  key: fc.option(bytes),
  value: fc.option(bytes),
  timestampDelta: fc.integer({ min: -1e12, max: 1e12 }),
  gap: fc.integer({ min: 0, max: 70_000 }),
  headers: fc.dictionary(fc.string({ maxLength: 5, unit: 'grapheme-ascii' }), bytes, { maxKeys: 3 }),
});
const batch = fc.record({
  compression: fc.constantFrom(0, 1, 2, 3, 4),
  firstOffset: fc.integer({ min: 0, max: 2 ** 48 }),
  records: fc.array(record, { minLength: 1, maxLength: 20 }),
});
type Batch = typeof batch extends fc.Arbitrary<infer T> ? T : never;

async function encodeBatch({ compression, firstOffset, records }: Batch): Promise<Buffer> {
  let delta = -1;
  const encoded = records.map(({ gap, ...rest }) => {
    delta += 1 + gap;
    return client.encodeRecord({ ...rest, offsetDelta: delta });
  });
  const options = {
    compression,
    firstOffset,
    firstTimestamp: 1.8e12,
    lastOffsetDelta: delta,
    records: encoded,
  };
  return (await client.encode(options)).buffer;
}

function decoderOf(set: Buffer): FetchDecoder {
  const size = Buffer.alloc(4);
  size.writeInt32BE(set.length);
  return new client.Decoder(Buffer.concat([size, set]));
}

describe('a record set', () => {
  it('is read as the client reads it, whatever its codec, holes and headers', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { maxLength: 3 }), async (batches) => {
        const set = Buffer.concat(await Promise.all(batches.map(encodeBatch)));
        const expected = await client.decodeMessages(decoderOf(set));
        const { records, written, unreadable } = await rawRecords(rawMessages(set), 0);
        expect(unreadable).toEqual([]);
        expect(written).toEqual(expected.map(({ timestamp }) => Number(timestamp)));
        expect(records.map(({ offset, value }) => [offset, value])).toEqual(
          expected.map(({ offset, value }) => [Number(offset), value]),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('that is cut anywhere gives its complete batches', async () => {
    const one = produced(['a', 'b']);
    const two = produced(['c']);
    const set = Buffer.concat([one, two]);
    for (let length = 0; length <= set.length; length += 1) {
      const whole = (length >= one.length ? 1 : 0) + (length >= set.length ? 1 : 0);
      expect(rawMessages(set.subarray(0, length))).toHaveLength(whole);
    }
  });

  it('has the time at which each record was written, or at which the broker stored it if the topic says so', async () => {
    const set = produced(['a', 'b']);
    const times = async (): Promise<number[]> => (await rawRecords(rawMessages(set), 0)).written;
    const [created = 0] = await times();
    set.writeBigInt64BE(BigInt(created + 5_000), 35);
    expect(await times()).toEqual([created, created]);
    set.writeInt16BE(0x08, 21);
    expect(await times()).toEqual([created + 5_000, created + 5_000]);
    set.writeInt16BE(0, 21);
    set.writeBigInt64BE(-1n, 27);
    expect(await times()).toEqual([-1, -1]);
  });

  it('is read from the given offset on', async () => {
    const { records } = await rawRecords(rawMessages(produced(['a', null, 'c'], 10)), 11);
    expect(records.map(({ offset, value }) => [offset, value && String(value)])).toEqual([
      [11, null],
      [12, 'c'],
    ]);
  });

  it('reports the range of a batch with damaged records, and its neighbours are read', async () => {
    const damaged = produced(['x', 'y'], 1);
    damaged[61] = 0x7e; // the first record claims 63 bytes
    const set = Buffer.concat([produced(['a']), damaged, produced(['b'], 3)]);
    const { records, unreadable } = await rawRecords(rawMessages(set), 0);
    expect(records.map(({ offset }) => offset)).toEqual([0, 3]);
    expect(unreadable).toMatchObject([{ from: 1, to: 3, reason: expect.stringMatching(/is cut$/) }]);
  });

  it('never reads beyond a batch, whatever its bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.integer({ min: 0, max: 50 }), (noise, count) => {
        const header = { ...openRecordBatch(produced(['a'])), count };
        const buffer = Buffer.from(noise);
        try {
          eachRecord(header, buffer, -Infinity, (_offset, start, end) => {
            expect(end < 0 || start <= end).toBe(true);
            expect(end).toBeLessThanOrEqual(buffer.length);
          });
        } catch (error) {
          expect(error).toMatchObject({ code: 'undecodable_batch' });
        }
      }),
    );
  });
});

describe('a fetched batch in the client', () => {
  const decode = rawDecodeMessages(async () => ['decoded by the client']);

  it('has one raw message per record batch, at the last offset', async () => {
    const set = Buffer.concat([produced(['a', 'b']), produced(['c'], 2)]);
    const messages = await decode(decoderOf(set));
    expect(messages).toMatchObject([
      { raw: true, offset: '1' },
      { raw: true, offset: '2' },
    ]);
    expect(
      messages.every((message) => typeof message === 'object' && message !== null && isRawMessage(message)),
    ).toBe(true);
  });

  it('is empty when the broker sent nothing', async () => {
    expect(await decode(decoderOf(Buffer.alloc(0)))).toEqual([]);
  });

  it('of an old format is left to the client', async () => {
    expect(await decode(decoderOf(Buffer.alloc(100, 1)))).toEqual(['decoded by the client']);
  });

  it('gives the key of an abort marker, and no record for markers', async () => {
    for (const [type, key] of [
      [0, Buffer.alloc(4)],
      [1, null],
    ] as const) {
      const marker = (
        await client.encode({
          transactional: true,
          producerId: 7,
          firstOffset: 5,
          records: [client.encodeRecord({ key: Buffer.from([0, 0, 0, type]), value: Buffer.alloc(6) })],
        })
      ).buffer;
      marker.writeInt16BE(0x30, 21);
      const [message, ...others] = rawMessages(marker);
      expect(others).toEqual([]);
      expect(message).toMatchObject({
        key,
        offset: '5',
        batchContext: { producerId: '7', inTransaction: true },
      });
      expect(await rawRecords(message ? [message] : [], 0)).toEqual({
        records: [],
        written: [],
        unreadable: [],
      });
    }
  });
});

function produced(values: (string | null)[], firstOffset = 0): Buffer {
  const batch = new RecordBatch(1.8e12);
  for (const value of values) batch.append(value);
  const bytes = Buffer.from(batch.finish());
  bytes.writeBigInt64BE(BigInt(firstOffset), 0);
  return bytes;
}
