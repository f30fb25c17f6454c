import { MOST } from '../../../domain/request-log.ts';
import { providerName } from '../../fields/provider-name.ts';
import { firstNumber, firstText, type JsonObject } from '../format.ts';
import { errorOf, exceptionOf, failureOf } from './failure.ts';
import type { Attributes, OtlpItem } from './otlp.ts';
import { numberOf, textOf, type OtelRequest, valuesOf } from './vocabulary.ts';

/** Converts a request to a native record that is not checked yet. */
export function toNative(request: OtelRequest): JsonObject {
  const { item, vocabulary, end } = request;
  const { attributes, resource } = item;
  const failure = failureOf(request);
  const given = numberOf(request, 'status');
  // `error.type` may be an HTTP status: the conventions allow this when there is no better type.
  const status = given ?? (/^\d{3}$/.test(failure?.type ?? '') ? Number(failure?.type) : undefined);
  const failed = failure !== null || (status ?? 0) >= 400;
  const attempt = numberOf(request, 'attempt');
  return {
    ts: timeOf(end ?? item) ?? 0,
    request_id: textOf(request, 'request_id'),
    provider:
      vocabulary.provider?.(item) ??
      providerName(textOf(request, 'provider'), hostOf(textOf(request, 'address'))),
    org: textOf(request, 'org'),
    client: firstText(resource.get('service.name'), attributes.get('service.name')),
    region: firstText(resource.get('cloud.region'), attributes.get('cloud.region')),
    model: textOf(request, 'model'),
    endpoint: endpointOf(textOf(request, 'endpoint')),
    method: textOf(request, 'method'),
    status: failed ? failedStatus(status) : (status ?? 200),
    latency_ms: latencyOf(request),
    ttft_ms: numberOf(request, 'ttft_ms') ?? toMs(numberOf(request, 'ttft_s')),
    input_tokens: numberOf(request, 'input_tokens'),
    output_tokens: numberOf(request, 'output_tokens'),
    cost_usd: numberOf(request, 'cost_usd'),
    retry_count:
      numberOf(request, 'retries') ??
      (attempt === undefined ? undefined : Math.max(0, Math.ceil(attempt) - 1)),
    stream: valuesOf(request, 'stream').includes(true),
    headers: responseHeaders(attributes),
    error: failed ? errorOf(failure) : undefined,
    exception: failed ? exceptionOf(failure) : undefined,
  };
}

/**
 * The end of the item in nanoseconds since 1970, or the time that the emitter wrote as text; undefined when there is
 * none.
 */
function timeOf({ item, attributes }: OtlpItem): number | string | undefined {
  const ended = firstNumber(item['endTimeUnixNano'], item['timeUnixNano']);
  return (
    ended ||
    firstNumber(item['observedTimeUnixNano']) ||
    firstText(attributes.get('event.timestamp')) ||
    ended
  );
}

/**
 * Drops the status 2xx of a failed request. A stream has status 200 even if it fails later, and with this status the
 * classifier would take the error for the text of an answer.
 */
function failedStatus(status: number | undefined): number | undefined {
  return status !== undefined && status >= 200 && status < 300 ? undefined : status;
}

function latencyOf(request: OtelRequest): number | undefined {
  const start = firstNumber(request.item.item['startTimeUnixNano']);
  const end = firstNumber(request.item.item['endTimeUnixNano']);
  // If the start was never set, the span seems to last half a century, which is not a latency.
  if (start !== undefined && end !== undefined && start > 0 && end >= start && end - start <= MOST.ms * 1e6)
    return Math.round((end - start) / 1e3) / 1e3;
  return numberOf(request, 'latency_ms') ?? toMs(numberOf(request, 'latency_s'));
}

function toMs(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}

/** The path of a URL; other texts unchanged. */
function endpointOf(text: string | undefined): string | undefined {
  if (text === undefined || !/^[a-z]+:\/\//i.test(text)) return text;
  return /^[a-z]+:\/\/[^/?#]*(\/[^?#]*)/i.exec(text)?.[1];
}

/** The host of a URL; other texts unchanged. */
function hostOf(text: string | undefined): string | undefined {
  return text === undefined ? undefined : (/^[a-z]+:\/\/(?:[^/?#@]*@)?([^/?#:]+)/i.exec(text)?.[1] ?? text);
}

/** Collects the response headers. The conventions write each header as an attribute whose value is a list. */
function responseHeaders(attributes: Attributes): Record<string, unknown> | undefined {
  const headers: [string, unknown][] = [];
  for (const [name, value] of attributes) {
    const header = /^http\.(?:response\.header\.(.+)|request\.header\.(x-stainless-retry-count))$/.exec(name);
    if (header !== null) headers.push([(header[1] ?? header[2] ?? '').replaceAll('_', '-'), value]);
  }
  return headers.length === 0 ? undefined : Object.fromEntries(headers);
}
