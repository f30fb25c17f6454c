import type { RequestLog } from '../../domain/request-log.ts';
import { byteTexts } from './byte-texts.ts';
import { cleanId } from './clean.ts';
import { dimensionCleaners } from './native.ts';
import { parseTimestamp } from './timestamp.ts';

/** What a member of the record must hold to be read here. */
type Kind = 'ts' | 'id' | 'dimension' | 'number' | 'flag' | 'ignored' | 'absent';

const kinds = {
  ts: 'ts',
  request_id: 'id',
  provider: 'dimension',
  org: 'dimension',
  project: 'dimension',
  api_key: 'dimension',
  client: 'dimension',
  region: 'dimension',
  model: 'dimension',
  endpoint: 'dimension',
  method: 'ignored',
  status: 'number',
  latency_ms: 'number',
  ttft_ms: 'number',
  input_tokens: 'number',
  output_tokens: 'number',
  cost_usd: 'number',
  retry_count: 'number',
  stream: 'flag',
  headers: 'absent',
  error: 'absent',
  exception: 'absent',
} as const satisfies Record<string, Kind>;
type Member = keyof typeof kinds;

interface Known {
  name: Uint8Array;
  kind: Kind;
  /** Its place among the bits that tell which members have been met. */
  bit: number;
  /** Among the numbers, or the dimensions. */
  index: number;
  text: ReturnType<typeof byteTexts>;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const SPACE = 0x20;

const numberNames = [
  'status',
  'latency_ms',
  'ttft_ms',
  'input_tokens',
  'output_tokens',
  'cost_usd',
  'retry_count',
] as const;
const dimensionNames = [
  'provider',
  'org',
  'project',
  'api_key',
  'client',
  'region',
  'model',
  'endpoint',
] as const;
const known = knownByHash();
const statusBit = bitOf('status');
const tsBit = bitOf('ts');

// One record is read at a time; what it holds so far. Filled anew by each call.
const numbers = new Float64Array(numberNames.length);
const dimensions: string[] = dimensionNames.map(() => '');
let cursor = 0;
let hash = 0;

/**
 * Reads a plain success in the native format straight from its bytes: several times faster than parsing all of it as
 * JSON. Null for everything out of the ordinary (failures, headers, escapes, other than ASCII, nesting, doubled
 * members, wrong types): that is for the ordinary way, with which a property test holds this one together.
 */
export function readPlainSuccess(bytes: Buffer, now: number): RequestLog | null {
  numbers.fill(0);
  for (let i = 0; i < dimensions.length; i++) dimensions[i] = '';
  let ts = Number.NaN;
  let requestId = '';
  let stream = false;
  let met = 0;
  const last = bytes.length - 1;
  if (bytes[0] !== 0x7b || bytes[last] !== 0x7d) return null;
  cursor = 1;
  for (;;) {
    if (bytes[cursor] !== QUOTE) return null;
    const nameStart = cursor + 1;
    if (!skipText(bytes)) return null;
    const member = findKnown(bytes, nameStart, cursor - 1);
    if (bytes[cursor] !== COLON) return null;
    cursor++;
    if (bytes[cursor] === SPACE) cursor++;
    if (member !== null) {
      if ((met & member.bit) !== 0) return null;
      met |= member.bit;
    }
    const first = bytes[cursor] ?? 0;
    const start = cursor + 1;
    if (first === QUOTE) {
      if (!skipText(bytes)) return null;
      const end = cursor - 1;
      switch (member?.kind) {
        case 'dimension': {
          if (end === start) break;
          const text = member.text(bytes, start, end, hash);
          if (text === null) return null;
          dimensions[member.index] = text;
          break;
        }
        case 'ts':
          ts = timeOf(bytes, start, end, now);
          break;
        case 'id':
          requestId = bytes.toString('latin1', start, end);
          break;
        case 'number':
        case 'flag':
        case 'absent':
          return null;
        case 'ignored':
        case undefined:
          break;
      }
    } else if (first >= 0x30 && first <= 0x39) {
      const value = readNumber(bytes);
      if (member?.kind === 'number' && value >= 0) numbers[member.index] = value;
      else return null;
    } else if (first === 0x74 && member?.kind === 'flag' && isWord(bytes, 'true')) stream = true;
    else if (first === 0x66 && member?.kind === 'flag' && isWord(bytes, 'false')) stream = false;
    else if (first === 0x6e && member !== null && isWord(bytes, 'null')) {
      // As if it were not there, which the status may not be.
      if (member.bit === statusBit) return null;
    } else return null;
    const next = bytes[cursor];
    if (next === COMMA) {
      cursor++;
      if (bytes[cursor] === SPACE) cursor++;
    } else if (cursor === last) break;
    else return null;
  }
  const [
    status = 0,
    latency_ms = 0,
    ttft_ms = 0,
    input_tokens = 0,
    output_tokens = 0,
    cost_usd = 0,
    retry_count = 0,
  ] = numbers;
  if ((met & statusBit) === 0 || (met & tsBit) === 0 || !(ts > 0)) return null;
  if (!(status >= 200 && status < 400 && Number.isInteger(status))) return null;
  if (!(retry_count <= 65_535 && Number.isInteger(retry_count))) return null;
  const [
    provider = '',
    org = '',
    project = '',
    api_key = '',
    client = '',
    region = '',
    model = '',
    endpoint = '',
  ] = dimensions;
  return {
    ts,
    request_id: cleanId(requestId),
    provider: provider === '' ? 'openai' : provider,
    org,
    project,
    api_key,
    client,
    region,
    model,
    endpoint,
    status,
    latency_ms,
    ttft_ms,
    input_tokens: Math.round(input_tokens),
    output_tokens: Math.round(output_tokens),
    cost_usd,
    retry_count,
    stream,
    headers: null,
    rate_limit: null,
    error: null,
    exception: '',
  };
}

/** Moves from the quote that opens a text past the one that closes it, and leaves its hash; false when it is not plain. */
function skipText(bytes: Buffer): boolean {
  let at = cursor + 1;
  let h = 0;
  for (;;) {
    const byte = bytes[at++] ?? 0;
    if (byte === QUOTE) break;
    // Also past the end, where zeros are read.
    if (byte < 0x20 || byte > 0x7e || byte === BACKSLASH) return false;
    h = (Math.imul(h, 31) + byte) | 0;
  }
  hash = h;
  cursor = at;
  return true;
}

/** A number without sign and exponent; -1 for any other. A whole number over a power of ten is exact to the last bit. */
function readNumber(bytes: Buffer): number {
  const start = cursor;
  let value = 0;
  let at = start;
  let byte = bytes[at] ?? 0;
  for (; byte >= 0x30 && byte <= 0x39; byte = bytes[++at] ?? 0) value = value * 10 + (byte - 0x30);
  if (at - start > 1 && bytes[start] === 0x30) return -1;
  if (byte !== 0x2e) {
    cursor = at;
    return at - start > 15 || byte === 0x65 || byte === 0x45 ? -1 : value;
  }
  const point = at;
  byte = bytes[++at] ?? 0;
  for (; byte >= 0x30 && byte <= 0x39; byte = bytes[++at] ?? 0) value = value * 10 + (byte - 0x30);
  const decimals = at - point - 1;
  if (decimals === 0 || at - start > 16 || byte === 0x65 || byte === 0x45) return -1;
  cursor = at;
  return value / (powersOfTen[decimals] ?? Number.NaN);
}

const powersOfTen = Array.from({ length: 17 }, (_, i) => 10 ** i);

function isWord(bytes: Buffer, word: string): boolean {
  for (let i = 0; i < word.length; i++) if (bytes[cursor + i] !== word.charCodeAt(i)) return false;
  cursor += word.length;
  return true;
}

// The time of the record before, up to its minute: records come in the order of time.
const minute = new Uint8Array(17);
let minuteMs = Number.NaN;

/** Epoch ms; NaN when it is no time, or one that has to be refused. */
function timeOf(bytes: Buffer, start: number, end: number, now: number): number {
  const isUsual = end - start === 24;
  if (isUsual && isSameMinute(bytes, start)) {
    const seconds = digit(bytes, start + 17) * 10 + digit(bytes, start + 18);
    const ms = digit(bytes, start + 20) * 100 + digit(bytes, start + 21) * 10 + digit(bytes, start + 22);
    const time = minuteMs + seconds * 1_000 + ms;
    if (seconds < 60 && bytes[start + 19] === 0x2e && bytes[start + 23] === 0x5a && time <= now) return time;
  }
  const time = parseTimestamp(bytes.toString('latin1', start, end), now);
  if (typeof time !== 'number') return Number.NaN;
  if (isUsual && bytes[start + 19] === 0x2e && bytes[start + 23] === 0x5a) {
    minute.set(bytes.subarray(start, start + minute.length));
    minuteMs = time - (time % 60_000);
  }
  return time;
}

/** Not a digit: NaN, and so whatever it becomes part of. */
function digit(bytes: Buffer, at: number): number {
  const value = (bytes[at] ?? 0) - 0x30;
  return value >= 0 && value <= 9 ? value : Number.NaN;
}

function isSameMinute(bytes: Buffer, start: number): boolean {
  for (let i = 0; i < minute.length; i++) if (minute[i] !== bytes[start + i]) return false;
  return true;
}

/** The member whose name stands at `[start, end)` and has just been hashed; null for one that is not of the format. */
function findKnown(bytes: Buffer, start: number, end: number): Known | null {
  const member = known[hash & (known.length - 1)];
  if (member === undefined || member === null || member.name.length !== end - start) return null;
  for (let i = 0; i < member.name.length; i++) if (member.name[i] !== bytes[start + i]) return null;
  return member;
}

/** A table without collisions: its size is the first at which each name has a place of its own. */
function knownByHash(): (Known | null)[] {
  const members = Object.entries(kinds).map(([name, kind], i): Known => {
    const dimension = dimensionNames.find((other) => other === name);
    return {
      name: Buffer.from(name),
      kind,
      bit: 1 << i,
      index:
        dimension === undefined
          ? numberNames.findIndex((other) => other === name)
          : dimensionNames.indexOf(dimension),
      text: byteTexts(dimension === undefined ? (text) => text : dimensionCleaners[dimension]),
    };
  });
  for (let size = 32; ; size *= 2) {
    const table = Array.from({ length: size }, (): Known | null => null);
    for (const member of members) table[hashOf(member.name) & (size - 1)] = member;
    if (table.filter((member) => member !== null).length === members.length) return table;
  }
}

function hashOf(text: Uint8Array): number {
  let h = 0;
  for (const byte of text) h = (Math.imul(h, 31) + byte) | 0;
  return h;
}

function bitOf(name: Member): number {
  return 1 << Object.keys(kinds).indexOf(name);
}
