import { asList, asObject, firstNumber, firstText, type JsonObject } from '../format.ts';
import { EXCEPTION_EVENT } from './conventions.ts';
import { type Attributes, readAnyValue, readAttributes } from './otlp.ts';
import { isYes, numberOf, textOf, type OtelRequest } from './vocabulary.ts';

export interface OtelFailure {
  /** `error.type`: the provider's code, an HTTP status, or an exception's class. */
  type: string | undefined;
  exception: string | undefined;
  message: string | undefined;
}

const ERROR_SEVERITY = 17;
/** Exporters write the status code of a span as a number, as digits in a text, or as a name. */
const ERROR_CODES = new Set(['2', 'STATUS_CODE_ERROR', 'ERROR']);
const PROVIDER_CODE = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)+$/;

/** How the request failed; null when nothing reports a failure. This does not look at the HTTP status. */
export function failureOf(request: OtelRequest): OtelFailure | null {
  const { item, vocabulary, end } = request;
  const type = textOf(request, 'error_type') ?? numberOf(request, 'error_type')?.toString();
  const saysSo =
    type !== undefined ||
    vocabulary.failed?.(item) === true ||
    (end !== undefined && vocabulary.failed?.(end) === true);
  return item.kind === 'span'
    ? spanFailure(request, item.item, type, saysSo)
    : logFailure(request, item.item, type, saysSo);
}

/**
 * The failure that a span reports; null when it reports none. An exception inside the span is not a failure, because a
 * retry may have succeeded; an exception that left the span is a failure.
 */
function spanFailure(
  request: OtelRequest,
  span: JsonObject,
  type: string | undefined,
  saysSo: boolean,
): OtelFailure | null {
  const status = asObject(span['status']);
  const exception = lastException(span);
  const isError = ERROR_CODES.has(String(status?.['code']).toUpperCase());
  if (!saysSo && !isError && !isYes(exception?.get('exception.escaped'))) return null;
  return {
    type,
    exception: firstText(exception?.get('exception.type'), textOf(request, 'exception')),
    message: firstText(exception?.get('exception.message'), status?.['message'], textOf(request, 'error')),
  };
}

function logFailure(
  request: OtelRequest,
  log: JsonObject,
  type: string | undefined,
  saysSo: boolean,
): OtelFailure | null {
  const exception = textOf(request, 'exception');
  const severe = (firstNumber(log['severityNumber']) ?? 0) >= ERROR_SEVERITY;
  if (!saysSo && exception === undefined && !severe) return null;
  return { type, exception, message: firstText(textOf(request, 'error'), readAnyValue(log['body'])) };
}

function lastException(span: JsonObject): Attributes | undefined {
  return asList(span['events'])
    .map(asObject)
    .filter((event) => event?.['name'] === 'exception' || event?.['name'] === EXCEPTION_EVENT)
    .map((event) => readAttributes(event?.['attributes']))
    .at(-1);
}

/**
 * The error of the native record. If the type is a code of the provider, it is the code with the message; otherwise it
 * is the message, or the type if there is no message.
 */
export function errorOf(failure: OtelFailure | null): unknown {
  const { type, message } = failure ?? { type: undefined, message: undefined };
  if (type !== undefined && PROVIDER_CODE.test(type)) return { code: type, message: message ?? '' };
  return message ?? (type === undefined ? { message: '' } : { type, message: '' });
}

/**
 * The class of the recorded exception with its module; without a recorded exception, the type if it looks like a class.
 */
export function exceptionOf(failure: OtelFailure | null): string | undefined {
  const type = failure?.type;
  return (
    failure?.exception ?? (type !== undefined && /[a-z]/.test(type) && /[A-Z]/.test(type) ? type : undefined)
  );
}
