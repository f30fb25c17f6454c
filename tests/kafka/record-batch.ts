/**
 * A growing record batch of Kafka's format (version 2, uncompressed, no keys). kafkajs spends most of a producer's time
 * on one object per record. To generate load, the tests need several times the rate of kafkajs.
 */
export class RecordBatch {
  count = 0;
  #bytes = Buffer.allocUnsafe(64 * 1024);
  #end = headerBytes;
  readonly #timestamp: number;

  constructor(timestamp: number) {
    this.#timestamp = timestamp;
  }

  get size(): number {
    return this.#end;
  }

  /** Adds a value; null is a tombstone. */
  append(value: string | Buffer | null): void {
    const length = value === null ? -1 : typeof value === 'string' ? Buffer.byteLength(value) : value.length;
    const body = 3 + varintSize(this.count) + varintSize(length) + Math.max(length, 0) + 1;
    this.#reserve(body + 5);
    this.#varint(body);
    this.#bytes[this.#end++] = 0; // attributes
    this.#bytes[this.#end++] = 0; // timestamp delta
    this.#varint(this.count);
    this.#bytes[this.#end++] = 1; // no key: length -1
    this.#varint(length);
    if (typeof value === 'string') this.#end += this.#bytes.write(value, this.#end);
    else if (value !== null) this.#end += value.copy(this.#bytes, this.#end);
    this.#bytes[this.#end++] = 0; // no headers
    this.count += 1;
  }

  /** Returns the finished batch. Nothing may be appended afterwards. */
  finish(): Buffer {
    const bytes = this.#bytes.subarray(0, this.#end);
    bytes.writeBigInt64BE(0n, 0); // base offset, which the broker replaces
    bytes.writeInt32BE(bytes.length - 12, 8);
    bytes.writeInt32BE(-1, 12); // leader epoch
    bytes[16] = 2; // format
    bytes.writeInt16BE(0, 21); // attributes: not compressed, time of creation
    bytes.writeInt32BE(this.count - 1, 23);
    bytes.writeBigInt64BE(BigInt(this.#timestamp), 27);
    bytes.writeBigInt64BE(BigInt(this.#timestamp), 35);
    bytes.writeBigInt64BE(-1n, 43); // no producer id
    bytes.writeInt16BE(-1, 51);
    bytes.writeInt32BE(-1, 53);
    bytes.writeInt32BE(this.count, 57);
    bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17);
    return bytes;
  }

  #varint(value: number): void {
    let rest = ((value << 1) ^ (value >> 31)) >>> 0;
    while (rest > 0x7f) {
      this.#bytes[this.#end++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#end++] = rest;
  }

  #reserve(more: number): void {
    if (this.#end + more <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#end + more));
    this.#bytes.copy(larger, 0, 0, this.#end);
    this.#bytes = larger;
  }
}

const headerBytes = 61;

function varintSize(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  return zigzag < 0x80 ? 1 : zigzag < 0x4000 ? 2 : zigzag < 0x20_0000 ? 3 : zigzag < 0x1000_0000 ? 4 : 5;
}

// CRC-32C, four bytes a step; Node's zlib has only the other polynomial.
const tables = [0, 1, 2, 3].map(() => new Uint32Array(256));
const [t0 = new Uint32Array(), t1 = t0, t2 = t0, t3 = t0] = tables;
for (let byte = 0; byte < 256; byte += 1) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  t0[byte] = crc;
}
for (let byte = 0; byte < 256; byte += 1) {
  for (const [from, to] of [
    [t0, t1],
    [t1, t2],
    [t2, t3],
  ] as const) {
    const crc = from[byte] ?? 0;
    to[byte] = (crc >>> 8) ^ (t0[crc & 0xff] ?? 0);
  }
}

/** CRC-32C (Castagnoli) of the bytes, unsigned. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  let at = 0;
  for (const whole = bytes.length & ~3; at < whole; at += 4) {
    crc ^=
      byteAt(bytes, at) |
      (byteAt(bytes, at + 1) << 8) |
      (byteAt(bytes, at + 2) << 16) |
      (byteAt(bytes, at + 3) << 24);
    crc = word(t3, crc) ^ word(t2, crc >>> 8) ^ word(t1, crc >>> 16) ^ word(t0, crc >>> 24);
  }
  for (; at < bytes.length; at += 1) crc = word(t0, crc ^ byteAt(bytes, at)) ^ (crc >>> 8);
  return (crc ^ 0xffff_ffff) >>> 0;
}

const byteAt = (bytes: Uint8Array, at: number): number => bytes[at] ?? 0;
const word = (table: Uint32Array, index: number): number => table[index & 0xff] ?? 0;
