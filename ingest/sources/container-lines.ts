import { isWholeJson } from './json-end.ts';
import { RawRecord } from './source.ts';

/** Docker cuts lines into parts of this many bytes. A character that is cut in the middle takes a few bytes more. */
const DOCKER_PART = 16 * 1024;
const DOCKER_SLACK = 16;
/** At most about this many bytes of one line are kept: a longer line would not be a record anyway. */
const LONGEST = 4 * 1024 * 1024;
const [QUOTE, BACKSLASH, BRACE, LETTER_L] = [34, 92, 0x7b, 0x6c];

/** What Docker writes: `{"log":"text\n","stream":"stdout","time":"…"}`. */
const DOCKER = /^\{"log"\s{0,2}:\s{0,2}"/;
const STREAM = /^\s{0,2},\s{0,2}"stream"\s{0,2}:\s{0,2}"(stdout|stderr)"/;
/** What CRI writes before each text: `2026-… stdout F `, with P in place of F when the next line continues the text. */
const CRI = /^\S{20,40} (stdout|stderr) ([FP])(?::\S{1,20})? /;
const HEAD = 80;

/**
 * One line of a container: the bytes before its text, the text as it is written in the line, and the bytes after it.
 */
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
 * Joins lines that container runtimes cut: Docker's `json-file` and CRI (containerd, CRI-O, Podman) cut lines at 16
 * KiB. The joined line has the offset of its last part. The parts before it remain records of their own, and the
 * decoder skips them. Reading again must start with the first line of the file, so that an offset always holds the same
 * bytes.
 */
export class ContainerLines {
  readonly #begun = new Map<string, { parts: Buffer[]; bytes: number }>();

  /** Number of bytes of lines whose last part has not arrived. */
  get held(): number {
    let sum = 0;
    for (const { bytes } of this.#begun.values()) sum += bytes;
    return sum;
  }

  /**
   * Whether the line that starts at `start` may be a line of a container. The function is called for every line, so it
   * looks at no more than the first three bytes.
   */
  concerns(bytes: Buffer, start: number): boolean {
    const first = bytes[start] ?? 0;
    return first === BRACE ? bytes[start + 2] === LETTER_L : first > 47 && first < 58;
  }

  /** The same record, or the joined line if this record is the last part of a line. */
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
    // The writer died before the end of the previous line: this line is a record of its own.
    if (line.isRecord()) return record;
    return new RawRecord(record.offset, Buffer.concat([line.before, ...begun.parts, line.text, line.after]));
  }

  #keep({ stream, text }: Line, begun = { parts: [] as Buffer[], bytes: 0 }): void {
    this.#begun.set(stream, begun);
    if (begun.bytes >= LONGEST) return;
    // A copy, because a view would keep all bytes of the same read in memory.
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

/**
 * Whether the text has the length of a part that Docker cuts. Any other length means a whole line, from a shipper that
 * removes line ends.
 */
function isDockerPart(text: Buffer): boolean {
  if (text.length < DOCKER_PART) return false;
  const bytes = Buffer.byteLength(unescaped(text));
  return bytes >= DOCKER_PART && bytes <= DOCKER_PART + DOCKER_SLACK;
}

/**
 * The position of the closing quote of the JSON string whose text starts at `start`; the length of the bytes when there
 * is none.
 */
function stringEnd(bytes: Buffer, start: number): number {
  for (let at = bytes.indexOf(QUOTE, start); at >= 0; at = bytes.indexOf(QUOTE, at + 1)) {
    let before = at;
    while (before > start && bytes[before - 1] === BACKSLASH) before--;
    if ((at - before) % 2 === 0) return at;
  }
  return bytes.length;
}

/** The text that a JSON string stands for; empty when it is not a JSON string. */
function unescaped(text: Buffer): string {
  try {
    return String(JSON.parse(`"${text.toString()}"`));
  } catch {
    return '';
  }
}
