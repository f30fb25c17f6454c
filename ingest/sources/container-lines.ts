import { isWholeJson } from './json-end.ts';
import { RawRecord } from './source.ts';

/** Docker cuts lines into parts of so many bytes; a character that it cuts through is written as a few more. */
const DOCKER_PART = 16 * 1024;
const DOCKER_SLACK = 16;
/** More than this of one line is not kept: it would be no record either. */
const LONGEST = 4 * 1024 * 1024;
const [QUOTE, BACKSLASH, BRACE, LETTER_L] = [34, 92, 0x7b, 0x6c];

/** What Docker writes: `{"log":"text\n","stream":"stdout","time":"…"}`. */
const DOCKER = /^\{"log"\s{0,2}:\s{0,2}"/;
const STREAM = /^\s{0,2},\s{0,2}"stream"\s{0,2}:\s{0,2}"(stdout|stderr)"/;
/** What CRI has before each text: `2026-… stdout F `, with P where the line goes on in another. */
const CRI = /^\S{20,40} (stdout|stderr) ([FP])(?::\S{1,20})? /;
const HEAD = 80;

/** One line of a container: what stands before its text, the text as it is written there, what stands after it. */
interface Line {
  stream: string;
  before: Buffer;
  text: Buffer;
  after: Buffer;
  goesOn: boolean;
  /** The text alone is a whole record. */
  isRecord: () => boolean;
}

/**
 * Joins what container runtimes cut: Docker's `json-file` and CRI (containerd, CRI-O, Podman) cut lines at 16 KiB. The
 * whole stands at the offset of its last part; the parts before it stay what they are, and are skipped when they are
 * decoded. Reading again has to begin with the first line of the file, so that an offset always holds the same bytes.
 */
export class ContainerLines {
  readonly #begun = new Map<string, { parts: Buffer[]; bytes: number }>();

  /** Bytes of lines of which the last part has not come. */
  get held(): number {
    let sum = 0;
    for (const { bytes } of this.#begun.values()) sum += bytes;
    return sum;
  }

  /** Whether a line that begins there may be of a container. Asked of every line; most are told by three bytes. */
  concerns(bytes: Buffer, start: number): boolean {
    const first = bytes[start] ?? 0;
    return first === BRACE ? bytes[start + 2] === LETTER_L : first > 47 && first < 58;
  }

  /** The record as it came, or the whole line that it ends. */
  take(record: RawRecord): RawRecord {
    const { value } = record;
    const line = value === null ? null : (criLine(value) ?? dockerLine(value));
    if (line === null) return record;
    const begun = this.#begun.get(line.stream);
    if (line.goesOn) {
      this.#keep(line, begun);
      return record;
    }
    if (begun === undefined) return record;
    this.#begun.delete(line.stream);
    // The writer died within the line before: this one is another.
    if (line.isRecord()) return record;
    return new RawRecord(record.offset, Buffer.concat([line.before, ...begun.parts, line.text, line.after]));
  }

  #keep({ stream, text }: Line, begun = { parts: [] as Buffer[], bytes: 0 }): void {
    this.#begun.set(stream, begun);
    if (begun.bytes >= LONGEST) return;
    // A copy: a view would hold on to all that was read with it.
    begun.parts.push(Buffer.from(text));
    begun.bytes += text.length;
  }
}

function criLine(value: Buffer): Line | null {
  const [before, stream, tag] = CRI.exec(value.toString('latin1', 0, HEAD)) ?? [];
  if (before === undefined || stream === undefined) return null;
  const text = value.subarray(before.length);
  return {
    stream,
    before: value.subarray(0, before.length),
    text,
    after: value.subarray(value.length),
    goesOn: tag === 'P',
    isRecord: () => text[0] === BRACE && isWholeJson(text),
  };
}

function dockerLine(value: Buffer): Line | null {
  const start = DOCKER.exec(value.toString('latin1', 0, HEAD))?.[0].length;
  if (start === undefined) return null;
  const end = stringEnd(value, start);
  const stream = STREAM.exec(value.toString('latin1', end + 1, end + 1 + HEAD))?.[1];
  if (stream === undefined) return null;
  const text = value.subarray(start, end);
  const endsLine = text.length > 1 && text[text.length - 1] === 0x6e && text[text.length - 2] === BACKSLASH;
  return {
    stream,
    before: value.subarray(0, start),
    text,
    after: value.subarray(end),
    goesOn: !endsLine && isDockerPart(text),
    isRecord: () => text[0] === BRACE && isWholeJson(Buffer.from(unescaped(text))),
  };
}

/** Exactly as long as Docker's parts: a shipper that takes line ends away has whole lines of any length. */
function isDockerPart(text: Buffer): boolean {
  if (text.length < DOCKER_PART) return false;
  const bytes = Buffer.byteLength(unescaped(text));
  return bytes >= DOCKER_PART && bytes <= DOCKER_PART + DOCKER_SLACK;
}

/** Where a JSON string ends that begins there; the length of the bytes where it does not. */
function stringEnd(bytes: Buffer, start: number): number {
  for (let at = bytes.indexOf(QUOTE, start); at >= 0; at = bytes.indexOf(QUOTE, at + 1)) {
    let before = at;
    while (before > start && bytes[before - 1] === BACKSLASH) before--;
    if ((at - before) % 2 === 0) return at;
  }
  return bytes.length;
}

/** The text that a JSON string stands for; empty for what is none. */
function unescaped(text: Buffer): string {
  try {
    return String(JSON.parse(`"${text.toString()}"`));
  } catch {
    return '';
  }
}
