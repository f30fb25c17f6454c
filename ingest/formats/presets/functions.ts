import { llmPath } from '../../fields/llm-path.ts';
import { providerOfAddress } from '../../fields/provider-host.ts';
import type { Functions } from '../mapping/source.ts';

/**
 * Functions for values that no path can express, by the name that `by:` uses. Add few: a mapping without them explains
 * itself.
 */
export const presetFunctions: Functions = {
  provider_of_host: providerOfHost,
  provider_of_path: providerOfPath,
  exception_texts: exceptionTexts,
  stream_exception: streamException,
  time_in_id: timeInId,
  ms_of_duration: msOfDuration,
  ms_of_go_duration: msOfGoDuration,
};

/** The provider of a host or address such as `api.openai.com:443`; undefined for any other host. */
function providerOfHost(value: unknown): string | undefined {
  return typeof value === 'string' ? providerOfAddress(value) : undefined;
}

/**
 * The provider whose API has this path: only Anthropic, for example, has `/v1/messages`. Undefined when no provider or
 * several have it. Use it for a company's own gateway, whose host does not show the provider.
 */
function providerOfPath(value: unknown): string | undefined {
  return typeof value === 'string' ? (llmPath(value)?.provider ?? undefined) : undefined;
}

const MOST_EXCEPTIONS = 10;

/**
 * Converts structlog's list of an exception and its causes to one text. Frames are left out, because they hold the
 * caller's variables. Any other value stays.
 */
function exceptionTexts(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  const texts = value.slice(0, MOST_EXCEPTIONS).map((one: unknown) => {
    const { exc_type: type, exc_value: text } = Object(one) as Record<string, unknown>;
    return [type, text].filter((part) => typeof part === 'string' && part !== '').join(': ');
  });
  return texts.filter((text) => text !== '').join('\n');
}

const STREAM_EXCEPTION = /^[a-zA-Z]{1,60}Exception$/;

/**
 * The exception that ends a stream of AWS as one text: the event `{throttlingException: {message: "Too many requests"}}`
 * becomes `ThrottlingException: Too many requests`. Undefined for other events.
 */
function streamException(event: unknown): string | undefined {
  if (typeof event !== 'object' || event === null) return undefined;
  const [name, body] = Object.entries(event).find(([key]) => STREAM_EXCEPTION.test(key)) ?? [];
  if (name === undefined) return undefined;
  const { message } = Object(body) as Record<string, unknown>;
  const type = `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
  return typeof message === 'string' && message !== '' ? `${type}: ${message}` : type;
}

/**
 * Calls of models last from fractions of a second to minutes. So a number below MOST_SECONDS with a fraction is in
 * seconds, and a number from FEWEST_MS on is in milliseconds. The unit of any other number is unknown.
 */
const MOST_SECONDS = 60;
const FEWEST_MS = 200;
/**
 * A number from this on is in nanoseconds. As milliseconds it would be at least a quarter of an hour, too long for most
 * calls; as nanoseconds it is at least one millisecond.
 */
const FEWEST_NS = 1e6;

/**
 * Milliseconds of a duration without a unit, which is recognised by its size: seconds with a fraction, milliseconds, or
 * nanoseconds. A number that fits two units becomes a text that is not a duration, so that the value is left out and
 * counted as not usable. A text with a unit stays.
 */
function msOfDuration(value: unknown): unknown {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || !(number >= 0)) return value;
  if (number >= FEWEST_NS) return number / FEWEST_NS;
  if (number >= FEWEST_MS) return number;
  const isSeconds = number === 0 || (number < MOST_SECONDS && !Number.isInteger(number));
  return isSeconds ? number * 1000 : `${number} of an unknown unit`;
}

/** Like `msOfDuration`, for Go's loggers, which write a time.Duration as whole nanoseconds. */
function msOfGoDuration(value: unknown): unknown {
  const isWhole = typeof value === 'number' && Number.isInteger(value);
  return isWhole && value >= FEWEST_NS / 100 ? value / FEWEST_NS : msOfDuration(value);
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
