import { asList, asObject, firstNumber, firstText, type JsonObject } from '../format.ts';
import { EXCEPTION_EVENT } from './conventions.ts';
import { type Attributes, readAnyValue, readAttributes } from './otlp.ts';
import { isYes, numberOf, textOf, type ToldRequest } from './vocabulary.ts';

export interface OtelFailure {
  /** `error.type`: the provider's code, an HTTP status, or an exception's class. */
  type: string | undefined;
  exception: string | undefined;
  message: string | undefined;
}

const ERROR_SEVERITY = 17;
/** Exporters write the code of a span's status as a number, as a text of it, or by its name. */
const ERROR_CODES = new Set(['2', 'STATUS_CODE_ERROR', 'ERROR']);
const PROVIDER_CODE = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)+$/;

/** How the request failed; null when nothing reports a failure (the HTTP status is not examined here). */
export function failureOf(request: ToldRequest): OtelFailure | null {
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

/** An exception inside the span is not a failure when a retry overcame it; an exception that left the span is. */
function spanFailure(
  request: ToldRequest,
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
  request: ToldRequest,
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

/** The provider's code with the message, if the type is such a code; otherwise the message; otherwise the type. */
export function errorOf(failure: OtelFailure | null): unknown {
  const { type, message } = failure ?? { type: undefined, message: undefined };
  if (type !== undefined && PROVIDER_CODE.test(type)) return { code: type, message: message ?? '' };
  return message ?? (type === undefined ? { message: '' } : { type, message: '' });
}

/** The exception class with its module, if the exception was recorded; otherwise the type, if it is a class. */
export function exceptionOf(failure: OtelFailure | null): string | undefined {
  const type = failure?.type;
  return (
    failure?.exception ?? (type !== undefined && /[a-z]/.test(type) && /[A-Z]/.test(type) ? type : undefined)
  );
}
