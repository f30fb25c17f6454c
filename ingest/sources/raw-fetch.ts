import { batchLength, controlKey, openRecordBatch } from './record-set.ts';

/**
 * One record batch of the broker as bytes, in the place of its records in the `messages` of the client. The client's
 * own decoding makes some twenty objects per record, which costs more than all other work together.
 */
export interface RawMessage {
  readonly raw: true;
  /** A whole record batch, for `openRecordBatch`. */
  value: Buffer;
  /** Offset of the batch's last record. */
  offset: string;
  /**
   * Set only for the marker of an aborted transaction. This key tells the client to stop leaving out the records of the
   * transaction.
   */
  key: Buffer | null;
  /** Always false, so that markers are delivered too and no offset is missed. */
  isControlRecord: false;
  batchContext: { producerId: string; inTransaction: boolean };
}

/** The client's reader of a fetch response, with the members that are used here. */
export interface FetchDecoder {
  buffer: Buffer;
  offset: number;
  readInt32(): number;
  canReadBytes(length: number): boolean;
  readBytes(length: number): Buffer;
}

export type DecodeMessages = (decoder: FetchDecoder) => Promise<unknown[]>;

/** Replaces the client's own decoding of a partition's record set. Formats older than 2 use the original. */
export function rawDecodeMessages(original: DecodeMessages): DecodeMessages {
  return async (decoder) => {
    const format = decoder.buffer[decoder.offset + 4 + 16];
    if (format !== undefined && format !== 2 && decoder.buffer.readInt32BE(decoder.offset) > 16)
      return original(decoder);
    const size = decoder.readInt32();
    return size <= 0 || !decoder.canReadBytes(size) ? [] : rawMessages(decoder.readBytes(size));
  };
}

/** True for a message made by `rawDecodeMessages`. */
export function isRawMessage(message: object): message is RawMessage {
  return 'raw' in message && message.raw === true;
}

/** One message per complete record batch; the broker may truncate the last one. */
export function rawMessages(set: Buffer): RawMessage[] {
  const messages: RawMessage[] = [];
  let at = 0;
  for (let length = batchLength(set, at); length > 0; length = batchLength(set, at)) {
    messages.push(rawMessage(set.subarray(at, at + length)));
    at += length;
  }
  return messages;
}

const abortKey = Buffer.from([0, 0, 0, 0]);

function rawMessage(value: Buffer): RawMessage {
  const batch = openRecordBatch(value);
  const type = batch.control ? controlKey(batch)?.readInt16BE(2) : undefined;
  return {
    raw: true,
    value,
    offset: String(batch.lastOffset),
    key: type === 0 ? abortKey : null,
    isControlRecord: false,
    batchContext: {
      producerId: value.readBigInt64BE(43).toString(),
      inTransaction: (value.readInt16BE(21) & 0x10) !== 0,
    },
  };
}
