import { firstNumber, firstText } from '../format.ts';
import type { OtlpItem } from './otlp.ts';

/** What a span or log record is: a request to a model, or why it is none. */
export type Verdict =
  | 'request'
  /** An agent or a tool: it surrounds requests, and what a tool asks a model is a request of its own. */
  | 'agent_or_tool'
  /** A search for texts; the embedding that it needs belongs to it. */
  | 'retrieval'
  /** A step around requests: chain, workflow, task, prompt, guardrail, evaluation. */
  | 'step'
  /** A request that another item of the message tells. */
  | 'told_elsewhere'
  /** Of no request at all. */
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
  /** How many tries came before. */
  | 'retries'
  /** The number of this try, from 1. */
  | 'attempt'
  | 'stream';

/** For each field the attributes that may hold it; the first that holds something counts. */
export type Names = Readonly<Partial<Record<Field, readonly string[]>>>;

/** How one emitter writes requests. */
export interface Vocabulary {
  /** What the item is; null when it is not written in this vocabulary. */
  judge: (item: OtlpItem) => Verdict | null;
  names: Names;
  /** The provider, where the emitter has one by its nature. */
  provider?: (item: OtlpItem) => string;
  /** Whether it says in words of its own that the request failed; what all say (error status, `error.type`) is looked at anyway. */
  failed?: (item: OtlpItem) => boolean;
}

/** An item with the vocabulary in which it is written, and what it is. */
export interface Judged {
  item: OtlpItem;
  vocabulary: Vocabulary;
  verdict: Verdict;
}

/** One request: the item that tells it, the vocabulary, and the later item that tells how its stream ended. */
export interface ToldRequest {
  item: OtlpItem;
  vocabulary: Vocabulary;
  end?: OtlpItem;
}

/** These names, then those of `others` for the same field. */
export function joinNames(names: Names, others: Names): Names {
  const joined: Partial<Record<Field, readonly string[]>> = { ...others };
  for (const [field, list] of Object.entries(names) as [Field, readonly string[]][])
    joined[field] = [...list, ...(others[field] ?? [])];
  return joined;
}

export function textOf(request: ToldRequest, field: Field): string | undefined {
  return firstText(...valuesOf(request, field));
}

export function numberOf(request: ToldRequest, field: Field): number | undefined {
  return firstNumber(...valuesOf(request, field));
}

/** What stands for the field, best first; what the request itself says goes before what the end of its stream says. */
export function valuesOf({ item, vocabulary, end }: ToldRequest, field: Field): unknown[] {
  const names = vocabulary.names[field] ?? [];
  const values = names.map((name) => item.attributes.get(name));
  return end === undefined ? values : [...values, ...names.map((name) => end.attributes.get(name))];
}

/** True for `false`, also as a text. */
export function isNo(value: unknown): boolean {
  return value === false || value === 'false';
}

/** True for `true`, also as a text. */
export function isYes(value: unknown): boolean {
  return value === true || value === 'true';
}

/** The first of the texts that begins with the prefix, without it. */
export function afterPrefix(prefix: string, ...texts: readonly (string | undefined)[]): string | undefined {
  return texts.find((text) => text?.startsWith(prefix))?.slice(prefix.length);
}
