import type { Subclass } from '../../domain/classification.ts';
import type { ErrorClass } from '../../domain/error-class.ts';
import type { Caller, Provider } from '../caller.ts';
import type { Random } from '../random.ts';

/**
 * How a log can hold an error body: the parsed body, the raw body, the inner error object, the text of the
 * Python or the Node SDK; or `verbatim`, when the answer is a text and no such body.
 */
export type Shape = 'body' | 'raw' | 'inner' | 'python' | 'node' | 'verbatim';

/** What a failure's text may speak of. */
export interface FailureContext {
  caller: Caller;
  random: Random;
  request_id: string;
}

/** One way to fail, with its true class: a row of the catalogue. */
export interface Failure {
  /** Names the row in tests. */
  id: string;
  class: ErrorClass;
  subclass: Subclass;
  /** Whose answers look so; `any` for failures that happen on the caller's side. */
  provider: Provider | 'any';
  /** 0 when there was no HTTP answer. */
  status: number;
  shapes: readonly Shape[];
  /** The SDK's retry rule: 408, 409, 429, 5xx, time-outs and broken connections. */
  retried: boolean;
  /** The parsed body, or the text for `verbatim`. */
  body(context: FailureContext): unknown;
  /** Exception class for `verbatim`; other shapes derive it from the status. */
  exception: string;
  /** It is only used where an event names it: most callers have no gateway. */
  by_id?: true;
  /** Seconds that the answer asks to wait, as header; 0 for none. */
  retry_after: number;
}

type Facts = Pick<Failure, 'id' | 'class' | 'status' | 'body'> & Partial<Failure>;

/** A row with the defaults filled in: OpenAI's, in all shapes, retried as the SDKs do. */
export function failure(facts: Facts): Failure {
  return {
    subclass: '',
    provider: 'openai',
    shapes: ['body', 'raw', 'inner', 'python', 'node'],
    retried: [408, 409, 429].includes(facts.status) || facts.status >= 500,
    exception: '',
    retry_after: 0,
    ...facts,
  };
}

/** OpenAI's standard envelope. */
export function envelope(message: string, type: string, code: string | null, param: string | null = null) {
  return { error: { message, type, param, code } };
}
