import { providerName } from '../../fields/provider-name.ts';
import type { Functions } from '../mapping/source.ts';

/**
 * Functions for values that no path can express, by the name that `by:` uses. Add few: a mapping without them explains
 * itself.
 */
export const presetFunctions: Functions = {
  provider_of_host: providerOfHost,
  exception_texts: exceptionTexts,
  time_in_id: timeInId,
};

/** The provider of a host or address such as `api.openai.com:443`; undefined for any other host. */
function providerOfHost(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const host = value.replace(/^[a-z]+:\/\//i, '').replace(/[/:?#,].*$/s, '');
  return providerName(undefined, host);
}

const MOST_EXCEPTIONS = 10;

/**
 * structlog's list of an exception and its causes as one text. Frames are left out, because they hold the caller's
 * variables. Any other value stays.
 */
function exceptionTexts(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  const texts = value.slice(0, MOST_EXCEPTIONS).map((one: unknown) => {
    const { exc_type: type, exc_value: text } = Object(one) as Record<string, unknown>;
    return [type, text].filter((part) => typeof part === 'string' && part !== '').join(': ');
  });
  return texts.filter((text) => text !== '').join('\n');
}

/**
 * The time in an id of OpenAI, in epoch milliseconds. Newer ids start with their time in eight hexadecimal digits:
 * `batch_req_67ccd2bed1ec8190…` is of 2025-03-08 (all of them contain `8190`). Undefined for other ids, which are
 * random.
 */
function timeInId(value: unknown): number | undefined {
  const digits =
    typeof value === 'string' ? /_([0-9a-f]{8})[0-9a-f]{4}8190[0-9a-f]{32}$/.exec(value)?.[1] : undefined;
  if (digits === undefined) return undefined;
  return Number.parseInt(digits, 16) * 1000;
}
