import { byCallerDimension, callerDimensions } from '../../domain/count-row.ts';
import { type Caller, type CallerDimensions, callers } from '../callers.ts';
import type { Counted } from '../count-groups.ts';
import { AsciiCursor, CLOSE, COLON, COMMA, OPEN, QUOTE, SPACE, type Words, wordsOf } from './ascii-cursor.ts';
import { dimensionCleaners } from './native.ts';
import { PlainHeaders } from './plain-headers.ts';
import { PlainTime } from './plain-time.ts';
import { type RememberedText, RememberedTexts } from './remembered-texts.ts';

/** A success and who made it. One object serves all: it holds until the next is read. */
export interface PlainSuccess extends Counted {
  caller: Caller;
}

/** What a member of the record must hold to be read here. */
type Kind = 'ts' | 'text' | 'dimension' | 'number' | 'flag' | 'headers' | 'absent' | 'unknown';

interface Member {
  readonly kind: Kind;
  /** Its name and the quote after it. */
  readonly name: Words;
  /** Its place among the bits that tell which members have been met; 0 for one that is not of the format. */
  readonly bit: number;
  /** Among the numbers, or the dimensions. */
  readonly index: number;
  /** What came after it last time: loggers write members in an order of their own, and keep to it. */
  next: Member | null;
}

const numberNames = [
  'status',
  'latency_ms',
  'ttft_ms',
  'input_tokens',
  'output_tokens',
  'cost_usd',
  'retry_count',
] as const;
const numberAt = (name: (typeof numberNames)[number]): number => numberNames.indexOf(name);
const STATUS = numberAt('status');
const LATENCY = numberAt('latency_ms');
const INPUT_TOKENS = numberAt('input_tokens');
const OUTPUT_TOKENS = numberAt('output_tokens');
const COST = numberAt('cost_usd');
const RETRIES = numberAt('retry_count');

const kinds: [name: string, Kind, index: number][] = [
  ...callerDimensions.map((name, i): [string, Kind, number] => [name, 'dimension', i]),
  ...numberNames.map((name, i): [string, Kind, number] => [name, 'number', i]),
  ['ts', 'ts', -1],
  ['request_id', 'text', -1],
  ['method', 'text', -1],
  ['stream', 'flag', -1],
  ['headers', 'headers', -1],
  ['error', 'absent', -1],
  ['exception', 'absent', -1],
];
const formatMembers = new Map(
  kinds.map(([name, kind, index], i) => [name, newMember(name, kind, index, 1 << i)]),
);
const statusBit = formatMembers.get('status')?.bit ?? 0;

const ORG = callerDimensions.indexOf('org');
const PROJECT = callerDimensions.indexOf('project');
const texts = byCallerDimension((name) => new RememberedTexts(4096, dimensionCleaners[name]));
const textsByIndex = callerDimensions.map((name) => texts[name]);
/** What stands for a dimension that the record does not name. */
const noText: RememberedText<string> = { id: -1, value: '', words: wordsOf(Buffer.alloc(0)) };
const absent = callerDimensions.map((name) =>
  name === 'provider' ? { ...noText, value: 'openai' } : noText,
);

/** A power of two. */
const CALLER_SLOTS = 8192;

interface CallerSlot {
  texts: readonly RememberedText<string>[];
  caller: Caller;
  generation: number;
}

/**
 * Reads plain successes in the native format straight from their bytes: several times faster than parsing them as
 * JSON. A record that is out of the ordinary (failures, escapes, other than ASCII, nesting, doubled members, wrong
 * types) is left to the ordinary way, with which a property test holds this one together.
 */
export class PlainSuccessReader {
  readonly #cursor = new AsciiCursor();
  #at = 0;
  readonly #numbers = new Float64Array(numberNames.length);
  readonly #dimensions: RememberedText<string>[] = [...absent];
  readonly #first = unknownMember('');
  readonly #members = new RememberedTexts(1024, (name) => formatMembers.get(name) ?? unknownMember(name));
  readonly #callers: (CallerSlot | null)[] = Array.from({ length: CALLER_SLOTS }, () => null);
  readonly #time = new PlainTime();
  readonly #headers = new PlainHeaders(texts.org, texts.project);
  readonly #success: PlainSuccess = {
    ts: 0,
    caller: callers.of(named(absent)),
    status: 0,
    latency_ms: 0,
    input_tokens: 0,
    output_tokens: 0,
    cost_usd: 0,
    retry_count: 0,
    rate_limit: null,
  };

  /** Reads the record from `from` to `to`; null when it is left to the ordinary way. `now` is epoch ms. */
  read(source: Uint8Array, from: number, to: number, now: number): PlainSuccess | null {
    const cursor = this.#cursor;
    cursor.open(source, from, to);
    this.#reset();
    const { bytes, end } = cursor;
    if (bytes[cursor.start] !== OPEN) return null;
    this.#at = cursor.start + 1;
    let ts = Number.NaN;
    let met = 0;
    for (let before = this.#first; ; ) {
      const member = this.#member(before);
      if (member === null || (met & member.bit) !== 0) return null;
      met |= member.bit;
      before = member;
      const at = this.#at;
      const first = bytes[at] ?? 0;
      if (first === QUOTE) {
        const after = cursor.skipText(at + 1);
        if (after < 0) return null;
        this.#at = after;
        if (member.kind === 'dimension') {
          if (!this.#dimension(member.index, at + 1, after - 1)) return null;
        } else if (member.kind === 'ts') ts = this.#time.read(cursor, at + 1, after - 1, now);
        else if (member.kind !== 'text' && member.kind !== 'unknown') return null;
      } else if (first >= 0x30 && first <= 0x39) {
        const value = this.#number(at);
        if (value < 0) return null;
        if (member.kind === 'number') this.#numbers[member.index] = value;
        else if (member.kind !== 'unknown') return null;
      } else if (first === OPEN) {
        if (member.kind !== 'headers') return null;
        this.#at = this.#headers.read(cursor, at);
        if (this.#at < 0) return null;
      } else if (!this.#word(member, first)) return null;
      const next = bytes[this.#at];
      if (next === COMMA) this.#at += bytes[this.#at + 1] === SPACE ? 2 : 1;
      else if (next === CLOSE && this.#at === end - 1) break;
      else return null;
    }
    return (met & statusBit) !== 0 && ts > 0 ? this.#finish(ts) : null;
  }

  #reset(): void {
    const numbers = this.#numbers;
    for (let i = 0; i < numbers.length; i++) numbers[i] = 0;
    numbers[RETRIES] = -1;
    const dimensions = this.#dimensions;
    for (let i = 0; i < dimensions.length; i++) dimensions[i] = absent[i] ?? noText;
    this.#headers.reset();
  }

  /** The member that begins here, and the place of its value; null when there is none. */
  #member(before: Member): Member | null {
    const cursor = this.#cursor;
    const { bytes } = cursor;
    const from = this.#at + 1;
    if (bytes[from - 1] !== QUOTE) return null;
    let member = before.next;
    if (member === null || !cursor.holds(from, member.name)) {
      const after = cursor.skipText(from);
      if (after < 0) return null;
      member = this.#members.of(cursor, from, after - 1)?.value ?? null;
      if (member === null) return null;
      before.next = member;
    }
    const at = from + member.name.length;
    if (bytes[at] !== COLON) return null;
    this.#at = bytes[at + 1] === SPACE ? at + 2 : at + 1;
    return member;
  }

  #dimension(index: number, from: number, to: number): boolean {
    if (from === to) return true;
    const text = textsByIndex[index]?.of(this.#cursor, from, to) ?? null;
    if (text === null) return false;
    this.#dimensions[index] = text;
    return true;
  }

  /** A number without sign and exponent; -1 for any other. A whole number over a power of ten is exact to the last bit. */
  #number(start: number): number {
    const { bytes } = this.#cursor;
    let value = 0;
    let at = start;
    let byte = bytes[at] ?? 0;
    for (; byte >= 0x30 && byte <= 0x39; byte = bytes[++at] ?? 0) value = value * 10 + (byte - 0x30);
    if (at - start > 1 && bytes[start] === 0x30) return -1;
    let decimals = 0;
    if (byte === 0x2e) {
      const point = at;
      byte = bytes[++at] ?? 0;
      for (; byte >= 0x30 && byte <= 0x39; byte = bytes[++at] ?? 0) value = value * 10 + (byte - 0x30);
      decimals = at - point - 1;
      if (decimals === 0) return -1;
    }
    if (at - start > 15 || byte === 0x65 || byte === 0x45) return -1;
    this.#at = at;
    return decimals === 0 ? value : value / (powersOfTen[decimals] ?? Number.NaN);
  }

  /** `true`, `false` or `null` where the member may hold that. */
  #word(member: Member, first: number): boolean {
    // As if it were not there, which the status may not be.
    if (first === 0x6e) return member.bit !== statusBit && this.#isWord(nullWord);
    if (member.kind !== 'flag' && member.kind !== 'unknown') return false;
    return this.#isWord(first === 0x74 ? trueWord : falseWord);
  }

  #isWord(word: Words): boolean {
    if (!this.#cursor.holds(this.#at, word)) return false;
    this.#at += word.length;
    return true;
  }

  #finish(ts: number): PlainSuccess | null {
    const success = this.#success;
    const numbers = this.#numbers;
    success.ts = ts;
    success.status = numbers[STATUS] ?? 0;
    success.latency_ms = numbers[LATENCY] ?? 0;
    success.input_tokens = Math.round(numbers[INPUT_TOKENS] ?? 0);
    success.output_tokens = Math.round(numbers[OUTPUT_TOKENS] ?? 0);
    success.cost_usd = numbers[COST] ?? 0;
    const retries = numbers[RETRIES] ?? -1;
    success.retry_count = retries < 0 ? this.#headers.retryCount : retries;
    const { status, retry_count } = success;
    if (!(status >= 200 && status < 400 && Number.isInteger(status))) return null;
    if (!(retry_count <= 65_535 && Number.isInteger(retry_count))) return null;
    success.rate_limit = this.#headers.rateLimit();
    success.caller = this.#caller();
    return success;
  }

  #caller(): Caller {
    const dimensions = this.#dimensions;
    // A header tells of what the record leaves open.
    if (dimensions[ORG] === noText) dimensions[ORG] = this.#headers.org ?? noText;
    if (dimensions[PROJECT] === noText) dimensions[PROJECT] = this.#headers.project ?? noText;
    let hash = 0;
    for (let i = 0; i < dimensions.length; i++)
      hash = Math.imul(hash ^ (dimensions[i] ?? noText).id, 0x9e3779b1);
    const slot = (hash ^ (hash >>> 15)) & (CALLER_SLOTS - 1);
    const known = this.#callers[slot] ?? null;
    if (known !== null && known.generation === callers.generation && isSame(known.texts, dimensions))
      return known.caller;
    const caller = callers.of(named(dimensions));
    this.#callers[slot] = { texts: [...dimensions], caller, generation: callers.generation };
    return caller;
  }
}

const trueWord = wordsOf(Buffer.from('true'));
const falseWord = wordsOf(Buffer.from('false'));
const nullWord = wordsOf(Buffer.from('null'));
const powersOfTen = Array.from({ length: 17 }, (_, i) => 10 ** i);

function newMember(name: string, kind: Kind, index: number, bit: number): Member {
  return { kind, name: wordsOf(Buffer.from(`${name}"`, 'latin1')), bit, index, next: null };
}

function unknownMember(name: string): Member {
  return newMember(name, 'unknown', -1, 0);
}

function isSame(a: readonly RememberedText<string>[], b: readonly RememberedText<string>[]): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function named(dimensions: readonly RememberedText<string>[]): CallerDimensions {
  return byCallerDimension((name) => dimensions[callerDimensions.indexOf(name)]?.value ?? '');
}
