import { type Decoded, MOST, type RejectedPart, type RequestLog } from '../../domain/request-log.ts';
import { asList, asObject, firstNumber, firstText, type Format, type JsonObject } from './format.ts';
import type { Cleaner } from '../fields/clean.ts';
import { readNative } from './native.ts';
import { type Attributes, type OtlpItem, otlpItems, readAnyValue, readAttributes } from './otlp.ts';
import { providerName } from '../fields/provider-name.ts';

/** Operations of which a model call is a part: counting them too would count one call twice. */
const NO_MODEL_CALL = new Set([
  'create_agent',
  'invoke_agent',
  'execute_tool',
  'invoke_workflow',
  'retrieval',
  'execute_task',
  'evaluate',
  'plan',
]);
const DETAILS_EVENT = 'gen_ai.client.inference.operation.details';
const EXCEPTION_EVENT = 'gen_ai.client.operation.exception';
/** One of these beside a model makes a log record the end of a request. */
const OUTCOMES = [
  'http.response.status_code',
  'error.type',
  'exception.type',
  'gen_ai.usage.input_tokens',
  'gen_ai.usage.output_tokens',
];
const ERROR_SEVERITY = 17;
const PROVIDER_CODE = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)+$/;

/** OTLP/JSON as the Collector's Kafka exporter writes it, with the GenAI semantic conventions; many requests a message. */
export const otelGenai: Format = {
  recognises: (message) =>
    message['resourceSpans'] !== undefined ||
    message['resourceLogs'] !== undefined ||
    message['resourceMetrics'] !== undefined,
  create: (cleaner) => (message, now) => decodeOtelGenai(message, now, cleaner),
};

interface Failure {
  /** `error.type`: the provider's code, an HTTP status, or an exception's class. */
  type: string | undefined;
  exception: string | undefined;
  message: string | undefined;
}

function decodeOtelGenai(message: unknown, now: number, cleaner: Cleaner): Decoded {
  const object = asObject(message);
  if (object === null || !otelGenai.recognises(object)) {
    return {
      kind: 'reject',
      reason: 'schema',
      detail: 'resourceSpans: neither this nor resourceLogs is there',
    };
  }
  const items = otlpItems(object);
  const requests = withoutTwins(
    items.filter((item) => (item.kind === 'span' ? isModelSpan(item) : isModelLog(item))),
  );
  const records: RequestLog[] = [];
  const rejected: RejectedPart[] = [];
  const dropped: string[] = [];
  for (const [part, request] of requests.entries()) {
    const read = readNative(toNative(request), now, cleaner);
    if (read.log !== null) {
      records.push(read.log);
      dropped.push(...(read.dropped ?? []));
    } else {
      const body = JSON.stringify(cleaner.value(request.alone()));
      rejected.push({ part, reason: read.reason, detail: `${request.kind} ${part}: ${read.detail}`, body });
    }
  }
  if (requests.length === 0) return { kind: 'skip', reason: 'no_request' };
  return {
    kind: 'ok',
    records,
    ...(rejected.length > 0 && { rejected }),
    ...(dropped.length > 0 && { dropped }),
  };
}

function isModelSpan({ attributes }: OtlpItem): boolean {
  // OpenLLMetry marks the steps around a call with the same attributes as the call.
  if (attributes.has('traceloop.span.kind')) return false;
  if (NO_MODEL_CALL.has(firstText(attributes.get('gen_ai.operation.name')) ?? '')) return false;
  return (
    attributes.has('gen_ai.request.model') ||
    attributes.has('gen_ai.response.model') ||
    ((attributes.has('gen_ai.system') || attributes.has('gen_ai.provider.name')) &&
      attributes.has('gen_ai.operation.name'))
  );
}

/** Events that carry prompts and answers have GenAI attributes too and are no requests. */
function isModelLog(log: OtlpItem): boolean {
  const name = eventName(log);
  if (NO_MODEL_CALL.has(firstText(log.attributes.get('gen_ai.operation.name')) ?? '')) return false;
  if (name === DETAILS_EVENT || name === EXCEPTION_EVENT) return true;
  if (name !== undefined && name.startsWith('gen_ai.')) return false;
  const model = log.attributes.has('gen_ai.request.model') || log.attributes.has('gen_ai.response.model');
  return model && OUTCOMES.some((attribute) => log.attributes.has(attribute));
}

function eventName({ item, attributes }: OtlpItem): string | undefined {
  return firstText(item['eventName'], attributes.get('event.name'));
}

/** A failed call writes two events of one span, its details and its exception: they are one request, told by the second. */
function withoutTwins(requests: readonly OtlpItem[]): OtlpItem[] {
  const failed = new Set(requests.filter((one) => eventName(one) === EXCEPTION_EVENT).map(spanKey));
  failed.delete('');
  return failed.size === 0
    ? [...requests]
    : requests.filter((one) => eventName(one) !== DETAILS_EVENT || !failed.has(spanKey(one)));
}

function spanKey({ item }: OtlpItem): string {
  const span = firstText(item['spanId']);
  return span === undefined ? '' : `${firstText(item['traceId']) ?? ''}/${span}`;
}

function toNative({ kind, item, attributes, resource }: OtlpItem): JsonObject {
  const failure = kind === 'span' ? spanFailure(item, attributes) : logFailure(item, attributes);
  const status = firstNumber(
    attributes.get('http.response.status_code'),
    attributes.get('http.status_code'),
    // The conventions put an HTTP status here when there is nothing better.
    /^\d{3}$/.test(failure?.type ?? '') ? failure?.type : undefined,
  );
  const failed = failure !== null || (status ?? 0) >= 400;
  const start = firstNumber(item['startTimeUnixNano']);
  const end =
    firstNumber(item['endTimeUnixNano'], item['timeUnixNano']) || firstNumber(item['observedTimeUnixNano']);
  const address = firstText(attributes.get('server.address'));
  return {
    ts: end ?? 0,
    request_id: firstText(attributes.get('gen_ai.response.id')),
    provider: providerName(
      firstText(attributes.get('gen_ai.provider.name'), attributes.get('gen_ai.system')),
      address,
    ),
    org: firstText(attributes.get('openai.organization'), attributes.get('gen_ai.openai.organization')),
    client: firstText(resource.get('service.name'), attributes.get('service.name')),
    region: firstText(resource.get('cloud.region'), attributes.get('cloud.region')),
    model: firstText(attributes.get('gen_ai.request.model'), attributes.get('gen_ai.response.model')),
    endpoint: endpoint(attributes),
    method: firstText(attributes.get('http.request.method')),
    status: status ?? (failed ? undefined : 200),
    latency_ms: latency(start, end, attributes),
    ttft_ms: toMs(
      attributes.get('gen_ai.response.time_to_first_chunk') ??
        attributes.get('gen_ai.response.time_to_first_token'),
    ),
    input_tokens: firstNumber(
      attributes.get('gen_ai.usage.input_tokens'),
      attributes.get('gen_ai.usage.prompt_tokens'),
    ),
    output_tokens: firstNumber(
      attributes.get('gen_ai.usage.output_tokens'),
      attributes.get('gen_ai.usage.completion_tokens'),
    ),
    cost_usd: firstNumber(attributes.get('gen_ai.usage.cost')),
    retry_count: firstNumber(attributes.get('http.request.resend_count')),
    stream: [attributes.get('gen_ai.request.stream'), attributes.get('gen_ai.is_streaming')].includes(true),
    headers: responseHeaders(attributes),
    error: failed ? errorOf(failure) : undefined,
    exception: failed ? exceptionOf(failure) : undefined,
  };
}

/** Null when the call succeeded. An exception that a retry within the span overcame is no failure. */
function spanFailure(span: JsonObject, attributes: Attributes): Failure | null {
  const status = asObject(span['status']);
  const type = firstText(attributes.get('error.type'));
  const code = status?.['code'];
  if (type === undefined && code !== 2 && code !== 'STATUS_CODE_ERROR') return null;
  const exception = asList(span['events'])
    .map(asObject)
    .filter((event) => event?.['name'] === 'exception' || event?.['name'] === EXCEPTION_EVENT)
    .map((event) => readAttributes(event?.['attributes']))
    .at(-1);
  return {
    type,
    exception: firstText(exception?.get('exception.type')),
    message: firstText(
      exception?.get('exception.message'),
      status?.['message'],
      attributes.get('error.message'),
    ),
  };
}

function logFailure(log: JsonObject, attributes: Attributes): Failure | null {
  const type = firstText(attributes.get('error.type'));
  const exception = firstText(attributes.get('exception.type'));
  const severe = (firstNumber(log['severityNumber']) ?? 0) >= ERROR_SEVERITY;
  if (type === undefined && exception === undefined && !severe) return null;
  return {
    type,
    exception,
    message: firstText(
      attributes.get('exception.message'),
      attributes.get('error.message'),
      readAnyValue(log['body']),
    ),
  };
}

/** The provider's code beside the message, where the type is such a code; else the message; else what little there is. */
function errorOf(failure: Failure | null): unknown {
  const { type, message } = failure ?? { type: undefined, message: undefined };
  if (type !== undefined && PROVIDER_CODE.test(type)) return { code: type, message: message ?? '' };
  return message ?? (type === undefined ? { message: '' } : { type, message: '' });
}

/** The class with its module where the exception was recorded, else what the type says when it is a class. */
function exceptionOf(failure: Failure | null): string | undefined {
  const type = failure?.type;
  return (
    failure?.exception ?? (type !== undefined && /[a-z]/.test(type) && /[A-Z]/.test(type) ? type : undefined)
  );
}

function endpoint(attributes: Attributes): string | undefined {
  const full = firstText(attributes.get('url.full'), attributes.get('http.url'));
  const path = full === undefined ? undefined : /^[a-z]+:\/\/[^/?#]*(\/[^?#]*)/i.exec(full)?.[1];
  return firstText(attributes.get('url.path'), path, attributes.get('gen_ai.operation.name'));
}

function latency(
  start: number | undefined,
  end: number | undefined,
  attributes: Attributes,
): number | undefined {
  // A start that was never set gives a span of half a century, which is not a latency.
  if (start !== undefined && end !== undefined && start > 0 && end >= start && end - start <= MOST.ms * 1e6)
    return Math.round((end - start) / 1e3) / 1e3;
  return toMs(attributes.get('gen_ai.client.operation.duration'));
}

function toMs(seconds: unknown): number | undefined {
  const value = firstNumber(seconds);
  return value === undefined ? undefined : value * 1000;
}

/** The conventions write a response header as an attribute of its own, its values as a list. */
function responseHeaders(attributes: Attributes): Record<string, unknown> | undefined {
  const headers: [string, unknown][] = [];
  for (const [name, value] of attributes) {
    const header = /^http\.(?:response\.header\.(.+)|request\.header\.(x-stainless-retry-count))$/.exec(name);
    if (header !== null) headers.push([(header[1] ?? header[2] ?? '').replaceAll('_', '-'), value]);
  }
  return headers.length === 0 ? undefined : Object.fromEntries(headers);
}
