import type { Subclass } from '../domain/classification.ts';
import type { RequestClass } from '../domain/error-class.ts';
import type { Caller } from './caller.ts';

/** One simulated request with its true class. `toLine` leaves the truth out. */
export interface SimulatedRecord {
  /** Time at which the request ended, epoch milliseconds. */
  ts: number;
  request_id: string;
  caller: Caller;
  /** 0 when there was no HTTP answer, or when the log lost the status. */
  status: number;
  latency_ms: number;
  ttft_ms: number | null;
  input_tokens: number;
  output_tokens: number;
  cost_usd: number;
  retry_count: number;
  headers: Readonly<Record<string, string>> | null;
  /** Body or SDK text of a failure; null for a success. */
  error: unknown;
  exception: string;
  label: RequestClass;
  /** Empty when the text names no subclass. */
  subclass: Subclass;
}

/**
 * One line of NDJSON in the native format, without the line feed. It is put together by hand, because serialising the
 * whole object takes three times as long. Only texts that may need escaping go through JSON.stringify.
 */
export function toLine(record: SimulatedRecord): string {
  const { ts, status, ttft_ms, input_tokens, output_tokens, cost_usd, headers, error, exception } = record;
  // Constant pieces of the line are merged, because every piece of a concatenation costs time.
  let line = secondText(ts) + millisecondTexts[ts % 1_000] + record.request_id + callerText(record.caller);
  if (status === 200) line += `,"status":200,"latency_ms":${record.latency_ms}`;
  else if (status === 0) line += `,"latency_ms":${record.latency_ms}`;
  else line += `,"status":${status},"latency_ms":${record.latency_ms}`;
  if (ttft_ms !== null) line += `,"ttft_ms":${ttft_ms}`;
  if (input_tokens > 0) line += `,"input_tokens":${input_tokens}`;
  if (output_tokens > 0) line += `,"output_tokens":${output_tokens}`;
  if (cost_usd > 0) line += costText(cost_usd);
  if (record.retry_count > 0 && record.caller.sdk !== 'node') line += `,"retry_count":${record.retry_count}`;
  if (headers !== null) line += `,"headers":${headerFields(headers)}`;
  if (error !== null) line += `,"error":${JSON.stringify(error)}`;
  if (exception !== '') line += `,"exception":${JSON.stringify(exception)}`;
  return `${line}}`;
}

// Two caches for speed, which do not change the result: the first has an entry per caller, the second a single entry.
const fieldsOfCaller = new WeakMap<Caller, string>();
let second = Number.NaN;
let textOfSecond = '';
const millisecondTexts = Array.from(
  { length: 1_000 },
  (_, ms) => `${String(ms).padStart(3, '0')}Z","request_id":"`,
);

function callerText(caller: Caller): string {
  let text = fieldsOfCaller.get(caller);
  if (text === undefined) {
    const { provider, org, project, api_key, client, region, model, endpoint } = caller;
    const fields = { provider, org, project, api_key, client, region, model, endpoint, method: 'POST' };
    const all = caller.stream ? { ...fields, stream: true } : fields;
    text = `",${JSON.stringify(all).slice(1, -1)}`;
    fieldsOfCaller.set(caller, text);
  }
  return text;
}

/** The beginning of a line, up to the milliseconds. */
function secondText(ts: number): string {
  const whole = Math.floor(ts / 1_000);
  if (whole !== second) {
    second = whole;
    textOfSecond = `{"ts":"${new Date(whole * 1_000).toISOString().slice(0, 20)}`;
  }
  return textOfSecond;
}

/** Six decimals from whole numbers: the general conversion of a fraction to text is several times slower. */
function costText(cost: number): string {
  const millionths = Math.round(cost * 1e6);
  const whole = Math.floor(millionths / 1e6);
  const digits = String(1e6 + millionths - whole * 1e6).slice(1);
  return whole === 0 ? `,"cost_usd":0.${digits}` : `,"cost_usd":${whole}.${digits}`;
}

/** Header names and values come from this folder and need no escaping. */
function headerFields(headers: Readonly<Record<string, string>>): string {
  let text = '';
  for (const name in headers) text += `${text === '' ? '{' : ','}"${name}":"${headers[name]}"`;
  return text === '' ? '{}' : `${text}}`;
}
