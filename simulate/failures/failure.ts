import type { Subclass } from '../../domain/classification.ts';
import type { ErrorClass } from '../../domain/error-class.ts';
import type { Caller, Provider } from '../caller.ts';
import type { Random } from '../random.ts';

/**
 * The forms in which a log can hold an error body: the parsed body, the raw text of the body, only its inner error
 * object, or the text of the Python or the Node SDK. `verbatim`: the answer is a plain text and has no such body.
 */
export type BodyForm = 'body' | 'raw' | 'inner' | 'python' | 'node' | 'verbatim';

/** What the text of a failure can mention. */
export interface FailureContext {
  caller: Caller;
  random: Random;
  request_id: string;
}

/** One failure with its true class: a row of the catalogue. */
export interface SimulatedFailure {
  id: string;
  class: ErrorClass;
  subclass: Subclass;
  /** The provider that gives this answer; `any` for failures on the caller's side. */
  provider: Provider | 'any';
  /** 0 without an HTTP answer. */
  status: number;
  shapes: readonly BodyForm[];
  /** Whether the SDKs retry this failure. SDKs retry 408, 409, 429, 5xx, time-outs and broken connections. */
  retried: boolean;
  /** The parsed body, or the text for `verbatim`. */
  body(context: FailureContext): unknown;
  /** Exception class for `verbatim`; the other shapes derive the class from the status. */
  exception: string;
  /**
   * True: the failure is used only when an event names it. Most callers have no gateway, so the answers of a gateway do
   * not occur by chance.
   */
  by_id?: true;
  /** Seconds to wait in the retry-after header; 0: no header. */
  retry_after: number;
}

type FailureFacts = Pick<SimulatedFailure, 'id' | 'class' | 'status' | 'body'> & Partial<SimulatedFailure>;

/** Makes a row. The defaults are: OpenAI, all shapes, retried as the SDKs do. */
export function failure(facts: FailureFacts): SimulatedFailure {
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

/** The standard error envelope of OpenAI. */
export function envelope(message: string, type: string, code: string | null, param: string | null = null) {
  return { error: { message, type, param, code } };
}
