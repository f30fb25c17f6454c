import { type Decoded, MOST } from '../../domain/request-log.ts';
import { asObject, firstNumber, firstText, type Format, type JsonObject } from './format.ts';
import type { Cleaner } from '../fields/clean.ts';
import { readHeaderObject } from '../fields/header-object.ts';
import { asDecoded, readNative } from './native.ts';
import { parseTimeText } from '../fields/timestamp.ts';

/** Calls that LiteLLM logs in the same form, but that use no model. */
const NO_MODEL_CALL = /mcp|health|list_|retrieve_|delete_|cancel/;

/**
 * LiteLLM's `StandardLoggingPayload`, alone or as `standard_logging_object` of its callback arguments. Rows of its
 * database have `spend`; they are a preset.
 */
export const litellm: Format = {
  recognises: (message) =>
    message['standard_logging_object'] !== undefined ||
    (message['startTime'] !== undefined &&
      !isRow(message) &&
      (message['call_type'] !== undefined || message['error_information'] !== undefined)),
  create: (cleaner) => (message, now) => decodeLitellm(message, now, cleaner),
};

/**
 * Whether the message is a row of LiteLLM's database, which a preset reads. A row whose cost is unknown has no `spend`
 * and is recognised by the members that it lacks.
 */
function isRow(message: JsonObject): boolean {
  return (
    message['spend'] !== undefined ||
    (message['request_id'] !== undefined &&
      ['id', 'response_cost', 'error_information', 'hidden_params'].every(
        (name) => message[name] === undefined,
      ))
  );
}

function decodeLitellm(message: unknown, now: number, cleaner: Cleaner): Decoded {
  const outer = asObject(message);
  const payload = asObject(outer?.['standard_logging_object']) ?? outer;
  if (payload === null) return { kind: 'reject', reason: 'schema', detail: 'record: not an object' };
  // A request that LiteLLM answered from its cache did not reach a provider. If it counted as a success, it would hide
  // that all other requests fail.
  const called = !isTrue(payload['cache_hit']) && !NO_MODEL_CALL.test(firstText(payload['call_type']) ?? '');
  if (!called) return { kind: 'skip', reason: 'no_request' };
  const read = readNative(toNative(payload), now, cleaner);
  return read.log === null
    ? { kind: 'reject', reason: read.reason, detail: read.detail.replace(/^ts:/, 'endTime:') }
    : asDecoded(read.log, read.dropped);
}

function toNative(payload: JsonObject): JsonObject {
  const metadata = asObject(payload['metadata']) ?? {};
  const headers = providerHeaders(asObject(payload['hidden_params'])?.['additional_headers']);
  const fault = asObject(payload['error_information']) ?? {};
  const failed = payload['status'] === 'failure';
  const start = payload['startTime'];
  const end = payload['endTime'] ?? start;
  const streamed = isTrue(payload['stream']);
  return {
    ts: end,
    request_id: firstText(
      headers?.['x-request-id'],
      headers?.['request-id'],
      payload['id'],
      payload['call_id'],
    ),
    provider: firstText(payload['custom_llm_provider'], fault['llm_provider']),
    org: firstText(metadata['user_api_key_org_id']),
    project: firstText(metadata['user_api_key_project_id'], metadata['user_api_key_team_id']),
    api_key: firstText(metadata['user_api_key_hash']),
    client: firstText(
      metadata['user_api_key_alias'],
      metadata['user_api_key_team_alias'],
      metadata['user_agent'],
    ),
    model: firstText(payload['model'], payload['model_group']),
    endpoint: firstText(metadata['user_api_key_request_route'], payload['call_type']),
    status: failed ? statusOf(fault['error_code']) : 200,
    latency_ms: between(start, end),
    ttft_ms: streamed && !failed ? between(start, payload['completionStartTime']) : undefined,
    input_tokens: payload['prompt_tokens'],
    output_tokens: payload['completion_tokens'],
    cost_usd: payload['response_cost'],
    stream: streamed,
    headers,
    error: failed
      ? (firstText(payload['error_str'], fault['error_message']) ??
        'LiteLLM reports a failure without details')
      : undefined,
    exception: failed ? firstText(fault['error_class']) : undefined,
  };
}

/** True also for a text, because Python writes `True`. */
function isTrue(value: unknown): boolean {
  return value === true || (typeof value === 'string' && value.toLowerCase() === 'true');
}

/**
 * The provider's headers under their own names. LiteLLM adds a prefix to these headers, and writes the names that it
 * knows with underscores.
 */
function providerHeaders(value: unknown): Record<string, unknown> | undefined {
  const headers = readHeaderObject(value);
  if (headers === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.replace(/^llm_provider-/, '').replaceAll('_', '-'),
      value,
    ]),
  );
}

/**
 * The HTTP status in an error code; undefined when there is none. The code is a status as text; without an answer it is
 * empty or a word.
 */
function statusOf(code: unknown): number | undefined {
  const status = firstNumber(code);
  return status !== undefined && Number.isInteger(status) && status >= 100 && status <= 999
    ? status
    : undefined;
}

/**
 * Milliseconds between two times; undefined when the result is not plausible. The times are numbers of seconds, or
 * texts (in UTC unless they name a zone).
 */
function between(start: unknown, end: unknown): number | undefined {
  const [from, to] = [epochSeconds(start), epochSeconds(end)];
  if (from === undefined || to === undefined || !(to >= from) || from <= 0) return undefined;
  const ms = Math.round((to - from) * 1e6) / 1e3;
  return ms <= MOST.ms ? ms : undefined;
}

function epochSeconds(time: unknown): number | undefined {
  if (typeof time === 'string') return parseTimeText(time) / 1000;
  return typeof time === 'number' ? time : undefined;
}
