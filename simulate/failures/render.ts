import type { Sdk } from '../caller.ts';
import type { SimulatedFailure, FailureContext, BodyForm } from './failure.ts';

/** A failed answer as a log holds it. */
export interface Rendered {
  status: number;
  error: unknown;
  exception: string;
  headers: Record<string, string> | null;
}

/** The shapes that a client's log can have, by the library that it uses. */
const shapesOfSdk: Readonly<Record<Sdk, readonly BodyForm[]>> = {
  python: ['python', 'body', 'verbatim'],
  node: ['node', 'inner', 'verbatim'],
  http: ['body', 'raw', 'verbatim'],
};

/**
 * The failure as the caller's library logs it, in a random shape that suits both the failure and the library. A failure
 * that has no shape in common with the library takes any of its own shapes.
 */
export function render(failure: SimulatedFailure, context: FailureContext): Rendered {
  const fitting = failure.shapes.filter((shape) => shapesOfSdk[context.caller.sdk].includes(shape));
  return renderAs(failure, context.random.pick(fitting.length > 0 ? fitting : failure.shapes), context);
}

/** The failure in the given shape. */
export function renderAs(failure: SimulatedFailure, shape: BodyForm, context: FailureContext): Rendered {
  const body = failure.body(context);
  const headers = retryHeaders(failure, context);
  return { status: failure.status, headers, ...writers[shape](body, failure, context) };
}

type Writer = (
  body: unknown,
  failure: SimulatedFailure,
  context: FailureContext,
) => Pick<Rendered, 'error' | 'exception'>;

const writers: Readonly<Record<BodyForm, Writer>> = {
  body: (body) => ({ error: body, exception: '' }),
  raw: (body) => ({ error: JSON.stringify(body), exception: '' }),
  inner: (body, { status }) => ({ error: innerError(body), exception: exceptionName(status) }),
  python: pythonError,
  node: (body, { status }) => ({
    error: `${status} ${messageOf(body) ?? JSON.stringify(body)}`,
    exception: exceptionName(status),
  }),
  verbatim: (body, { exception }) => ({ error: body, exception }),
};

function pythonError(body: unknown, { status }: SimulatedFailure, { caller }: FailureContext) {
  if (caller.provider === 'gemini') {
    const exception = `google.genai.errors.${status >= 500 ? 'ServerError' : 'ClientError'}`;
    return { error: `${status} ${googleStatus(body)}. ${pythonRepr(body)}`, exception };
  }
  const library = caller.provider === 'anthropic' ? 'anthropic' : 'openai';
  return {
    error: `Error code: ${status} - ${pythonRepr(body)}`,
    exception: `${library}.${exceptionName(status)}`,
  };
}

function retryHeaders(failure: SimulatedFailure, context: FailureContext): Record<string, string> | null {
  if (failure.retry_after === 0) return null;
  if (failure.provider === 'azure') return { 'retry-after-ms': String(failure.retry_after * 1_000) };
  return { 'x-request-id': context.request_id, 'retry-after': String(failure.retry_after) };
}

/** The exception class that both SDKs raise for a status. */
function exceptionName(status: number): string {
  switch (status) {
    case 400:
      return 'BadRequestError';
    case 401:
      return 'AuthenticationError';
    case 403:
      return 'PermissionDeniedError';
    case 404:
      return 'NotFoundError';
    case 409:
      return 'ConflictError';
    case 422:
      return 'UnprocessableEntityError';
    case 429:
      return 'RateLimitError';
    default:
      return status >= 500 ? 'InternalServerError' : 'APIError';
  }
}

/** Google's SDK puts the status name before the body. */
function googleStatus(body: unknown): string {
  const inner = innerError(body);
  return isObject(inner) ? String(inner['status']) : '';
}

function innerError(body: unknown): unknown {
  return isObject(body) && 'error' in body ? body['error'] : body;
}

function messageOf(body: unknown): string | null {
  const inner = innerError(body);
  const message = isObject(inner) ? inner['message'] : null;
  return typeof message === 'string' && message !== '' ? message : null;
}

/** Prints a value parsed from JSON as Python does. */
export function pythonRepr(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return pythonText(value);
  if (Array.isArray(value)) return `[${value.map(pythonRepr).join(', ')}]`;
  if (isObject(value)) {
    const pairs = Object.entries(value).map(([key, entry]) => `${pythonText(key)}: ${pythonRepr(entry)}`);
    return `{${pairs.join(', ')}}`;
  }
  return 'None';
}

/** Single quotes, or double quotes around a text with an apostrophe and no double quote. */
function pythonText(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  if (escaped.includes("'") && !escaped.includes('"')) return `"${escaped}"`;
  return `'${escaped.replaceAll("'", "\\'")}'`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
