import type { Decoded, RejectedPart, RequestLog, SkipReason } from '../../domain/request-log.ts';

/** Gathers what becomes of the several records of one message. */
export class Parts {
  readonly #records: RequestLog[] = [];
  readonly #rejected: RejectedPart[] = [];
  readonly #skipped: SkipReason[] = [];
  readonly #dropped: string[] = [];
  #parts = 0;

  /** Adds what one record gave; `alone` is a message of the same format with this record alone, redacted. */
  add(decoded: Decoded, alone: () => string): void {
    if (decoded.kind === 'skip') {
      this.#skipped.push(decoded.reason);
      return;
    }
    if (decoded.kind === 'reject') {
      const { reason, detail } = decoded;
      this.#rejected.push({ part: this.#parts++, reason, detail, body: alone() });
      return;
    }
    for (const record of decoded.records) this.#records.push(record);
    for (const part of decoded.rejected ?? [])
      this.#rejected.push({ ...part, part: this.#parts + part.part });
    for (const reason of decoded.skipped ?? []) this.#skipped.push(reason);
    for (const field of decoded.dropped ?? []) this.#dropped.push(field);
    this.#parts += decoded.records.length + (decoded.rejected?.length ?? 0);
  }

  /** As `all`; but one record alone, and what is wrong with it, is as if it were the message. */
  one(): Decoded {
    const [first] = this.#rejected;
    const isAlone = this.#parts === 1 && this.#skipped.length === 0;
    return isAlone && first !== undefined
      ? { kind: 'reject', reason: first.reason, detail: first.detail }
      : this.all();
  }

  /** All of it as one; a message without any record has no request in it. */
  all(): Decoded {
    if (this.#parts === 0 && this.#skipped.length <= 1)
      return { kind: 'skip', reason: this.#skipped[0] ?? 'no_request' };
    return {
      kind: 'ok',
      records: this.#records,
      ...(this.#rejected.length > 0 && { rejected: this.#rejected }),
      ...(this.#skipped.length > 0 && { skipped: this.#skipped }),
      ...(this.#dropped.length > 0 && { dropped: this.#dropped }),
    };
  }
}
