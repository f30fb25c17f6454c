import type { ClassifierInput } from '../../domain/classification.ts';

/**
 * Makes the input of the classifier from a record `{provider, status, body or error, exception, headers}`. Returns a
 * text when the record is wrong: it says what is wrong.
 */
export function classifierInput(record: Record<string, unknown>): ClassifierInput | string {
  const status = record['status'] ?? 0;
  const number = typeof status === 'string' && /^\d{3}$/.test(status) ? Number(status) : status;
  if (typeof number !== 'number' || !Number.isInteger(number) || number < 0 || number > 999) {
    return 'status must be an HTTP status or null';
  }
  const provider = record['provider'] ?? '';
  const exception = record['exception'] ?? '';
  if (typeof provider !== 'string') return 'provider must be a text';
  if (typeof exception !== 'string') return 'exception must be a text';
  const headers = record['headers'] ?? {};
  if (!isRecord(headers)) return 'headers must be an object';
  const error = record['error'] ?? record['body'] ?? null;
  if (typeof error === 'number' || typeof error === 'boolean')
    return 'body must be a text, an object or a list';
  if (record['status'] === undefined && error === null && exception === '') {
    return 'expected a status, a body, an error or an exception';
  }
  return {
    provider,
    status: number,
    error,
    exception,
    headers: lowerCase(headers),
  };
}

function lowerCase(headers: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      Array.isArray(value) ? value.join(', ') : String(value),
    ]),
  );
}

/** True for a JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
