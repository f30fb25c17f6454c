import type { RequestClass } from '../../domain/error-class.ts';

const errorKeys = ['error', 'errors', 'detail', 'last_error'];
const resultKeys = ['choices', 'output', 'data', 'object', 'usage', 'candidates', 'content', 'embedding'];

/**
 * For a body under a status below 400: `ok` when it is a result without an error in it, `bad_request` when moderation
 * cut the result off, null when it has to be judged as an error.
 */
export function successReading(text: string): { rule: string; class: RequestClass } | null {
  const start = text.charCodeAt(0);
  if (start !== 123 || !resultKeys.some((key) => text.includes(`"${key}"`))) return null;
  const body = parsed(text);
  if (body === null || errorKeys.some((key) => isPresent(body[key]))) return null;
  if (body['type'] === 'error' || body['type'] === 'response.failed' || body['object'] === 'error')
    return null;
  const response = body['response'];
  if (
    typeof response === 'object' &&
    response !== null &&
    isPresent((response as Record<string, unknown>)['error'])
  ) {
    return null;
  }
  if (!resultKeys.some((key) => isPresent(body[key]))) return null;
  const reasons = finishReasons(body['choices']);
  if (reasons === null) return null;
  return reasons.includes('content_filter')
    ? { rule: 'body.content_filter', class: 'bad_request' }
    : { rule: 'ok', class: 'ok' };
}

function parsed(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '' && value !== false;
}

/** The finish reasons of all choices; null when one of them failed. */
function finishReasons(choices: unknown): readonly unknown[] | null {
  if (!Array.isArray(choices)) return [];
  const list = choices.filter(
    (choice): choice is Record<string, unknown> => typeof choice === 'object' && choice !== null,
  );
  if (list.some((choice) => isPresent(choice['error']) || choice['finish_reason'] === 'error')) return null;
  return list.map((choice) => choice['finish_reason']);
}
