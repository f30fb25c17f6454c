import { firstNumber, firstText } from '../format.ts';
import type { OtlpItem } from './otlp.ts';

/** What a span or log record is: a request to a model, or why it is not one. */
export type ItemVerdict =
  | 'request'
  /** An agent or a tool. It surrounds requests; when a tool calls a model, the call is a separate request. */
  | 'agent_or_tool'
  /** A search for texts, together with the embedding that it needs. */
  | 'retrieval'
  /** A step around requests: chain, workflow, task, prompt, guardrail, evaluation. */
  | 'step'
  /** A request that another item of the message describes. */
  | 'told_elsewhere'
  /** The item has nothing to do with a request. */
  | 'other';

export type Field =
  | 'provider'
  | 'address'
  | 'org'
  | 'model'
  | 'endpoint'
  | 'method'
  | 'status'
  | 'request_id'
  | 'error'
  | 'error_type'
  | 'exception'
  | 'latency_ms'
  | 'latency_s'
  | 'ttft_ms'
  | 'ttft_s'
  | 'input_tokens'
  | 'output_tokens'
  | 'cost_usd'
  /** Number of earlier tries. */
  | 'retries'
  /** Number of this try, from 1. */
  | 'attempt'
  | 'stream';

/** The attributes that may have the value of each field; the first one with a value counts. */
export type AttributeNames = Readonly<Partial<Record<Field, readonly string[]>>>;

/** How one emitter describes requests. */
export interface OtelVocabulary {
  /** The verdict on an item; null when the item is not in this vocabulary. */
  judge: (item: OtlpItem) => ItemVerdict | null;
  names: AttributeNames;
  /** The provider, if the emitter has only one. */
  provider?: (item: OtlpItem) => string;
  /**
   * Whether attributes that only this emitter writes report a failure. Attributes that many emitters write (error
   * status, `error.type`) are checked for all emitters.
   */
  failed?: (item: OtlpItem) => boolean;
}

export interface JudgedItem {
  item: OtlpItem;
  vocabulary: OtelVocabulary;
  verdict: ItemVerdict;
}

/** One request: the item that describes it, the vocabulary, and the later item that describes how its stream ended. */
export interface OtelRequest {
  item: OtlpItem;
  vocabulary: OtelVocabulary;
  end?: OtlpItem;
}

/** Joins two tables: for each field these names, then those of `others`. */
export function joinNames(names: AttributeNames, others: AttributeNames): AttributeNames {
  const joined: Partial<Record<Field, readonly string[]>> = { ...others };
  for (const [field, list] of Object.entries(names) as [Field, readonly string[]][])
    joined[field] = [...list, ...(others[field] ?? [])];
  return joined;
}

export function textOf(request: OtelRequest, field: Field): string | undefined {
  return firstText(...valuesOf(request, field));
}

export function numberOf(request: OtelRequest, field: Field): number | undefined {
  return firstNumber(...valuesOf(request, field));
}

/** The values of a field, best first. Values of the request come before values of the end of its stream. */
export function valuesOf({ item, vocabulary, end }: OtelRequest, field: Field): unknown[] {
  const names = vocabulary.names[field] ?? [];
  const values = names.map((name) => item.attributes.get(name));
  return end === undefined ? values : [...values, ...names.map((name) => end.attributes.get(name))];
}

/** True for `false`, and for the text `false`. */
export function isNo(value: unknown): boolean {
  return value === false || value === 'false';
}

/** True for `true`, and for the text `true`. */
export function isYes(value: unknown): boolean {
  return value === true || value === 'true';
}

/** The first text that starts with the prefix, without the prefix. */
export function afterPrefix(prefix: string, ...texts: readonly (string | undefined)[]): string | undefined {
  return texts.find((text) => text?.startsWith(prefix))?.slice(prefix.length);
}
