import type { Decoded, RejectedPart, RequestLog, SkipReason } from '../../domain/request-log.ts';

/** Collects the results for the records of one message. */
export class MessageParts {
  readonly #records: RequestLog[] = [];
  readonly #rejected: RejectedPart[] = [];
  readonly #skipped: SkipReason[] = [];
  readonly #dropped: string[] = [];
  #parts = 0;

  /** Adds the result for one record; `alone` makes a message of the same format with only this record, redacted. */
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

  /** Like `all`, but if the message has only one record and this record is rejected, the whole message is rejected. */
  one(): Decoded {
    const [first] = this.#rejected;
    const isAlone = this.#parts === 1 && this.#skipped.length === 0;
    return isAlone && first !== undefined
      ? { kind: 'reject', reason: first.reason, detail: first.detail }
      : this.all();
  }

  /** The result for the whole message; a message without records holds no request. */
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
