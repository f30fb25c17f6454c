import type { FileHandle } from 'node:fs/promises';
import type { TextShape } from './input-shape.ts';
import { type LastLine, type LinesRead, readAt, type RecordFile } from './line-file.ts';
import { UnpackedRecords } from './unpack.ts';

const PIECE = 1024 * 1024;

/**
 * A file whose records are not its lines: compressed, UTF-16, JSON over many lines, or CSV. The file can only be read
 * from its start, so going back to a record reads everything before the record again. The file is not followed: reading
 * stops at its end.
 */
export class PackedFile implements RecordFile {
  readonly #handle: FileHandle;
  readonly #name: string;
  readonly #last: LastLine;
  #records: UnpackedRecords;

  constructor(handle: FileHandle, name: string, last: LastLine) {
    this.#handle = handle;
    this.#name = name;
    this.#last = last;
    this.#records = this.#open(0);
  }

  get next(): number {
    return this.#records.next;
  }

  get lines(): number {
    return this.#records.next;
  }

  get unfinished(): number {
    return this.#records.unfinished;
  }

  get damage(): string | null {
    return this.#records.damage;
  }

  /** How the text of the file is divided into records; null until enough of it was read. */
  get shape(): TextShape | null {
    return this.#records.shape;
  }

  rewind(from: number): void {
    this.#records.close();
    this.#records = this.#open(from);
  }

  async read(): Promise<LinesRead> {
    return (await this.#records.read()) ?? 'end';
  }

  finish(): null {
    return null;
  }

  #open(from: number): UnpackedRecords {
    return new UnpackedRecords(piecesOf(this.#handle), this.#name, from, this.#last);
  }
}

/** The bytes of an open file from the start. */
export async function* piecesOf(handle: FileHandle): AsyncGenerator<Buffer> {
  for (let position = 0; ; ) {
    const piece = await readAt(handle, position, PIECE);
    if (piece.length === 0) return;
    position += piece.length;
    yield piece;
  }
}
