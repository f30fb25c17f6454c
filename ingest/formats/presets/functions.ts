import { llmPath } from '../../fields/llm-path.ts';
import { providerOfAddress } from '../../fields/provider-host.ts';
import type { Functions } from '../mapping/source.ts';

/** What presets need and no path can say, by the name under which `by:` calls it. Keep it rare: a mapping explains itself. */
export const presetFunctions: Functions = {
  provider_of_host: providerOfHost,
  provider_of_path: providerOfPath,
  exception_texts: exceptionTexts,
  time_in_id: timeInId,
};

/** The provider whose API a host or an address is, such as `api.openai.com:443`; nothing for any other host. */
function providerOfHost(value: unknown): string | undefined {
  return typeof value === 'string' ? providerOfAddress(value) : undefined;
}

/** Behind a gateway of one's own the path alone may tell: only Anthropic has `/v1/messages`. */
function providerOfPath(value: unknown): string | undefined {
  return typeof value === 'string' ? (llmPath(value)?.provider ?? undefined) : undefined;
}

const MOST_EXCEPTIONS = 10;

/**
 * structlog's list of an exception and its causes as one text, without frames: these hold the caller's variables. Another
 * value stays.
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
 * Milliseconds since 1970 out of an id of OpenAI's, of which newer ones begin with their time in eight hexadecimal digits:
 * `batch_req_67ccd2bed1ec8190…` is 2025-03-08 (the `8190` is in each of them). Nothing for others, which are random.
 */
function timeInId(value: unknown): number | undefined {
  const digits =
    typeof value === 'string' ? /_([0-9a-f]{8})[0-9a-f]{4}8190[0-9a-f]{32}$/.exec(value)?.[1] : undefined;
  if (digits === undefined) return undefined;
  return Number.parseInt(digits, 16) * 1000;
}
