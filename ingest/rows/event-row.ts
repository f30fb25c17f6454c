import { TAXONOMY_VERSION } from '../../domain/classification.ts';
import { byCallerDimension } from '../../domain/count-row.ts';
import { parseTsvRow, tsvFields, tsvRow, tsvText, tsvTime } from '../../store/tsv.ts';
import { eventColumns } from '../../store/write-batch.ts';
import type { DimensionSet, DimensionValues } from './dimension-sets.ts';
import type { Counted } from './count-groups.ts';
import type { Failure } from './judged-error.ts';
import type { RowBytes } from './row-bytes.ts';

/** Where a request comes from; `part` numbers the requests within one record. */
export interface Position {
  topic: string;
  partition: number;
  offset: number;
  part: number;
}

/** Adds one row of `error_events`, in the order of `eventColumns`. */
export function addEventRow(
  rows: RowBytes,
  record: Counted,
  dimensionSet: DimensionSet,
  failure: Failure,
  at: Position,
): void {
  const { classification: c } = failure;
  rows.add(`${tsvTime(record.ts)}\t${tsvText(failure.request_id)}\t`);
  // The fields are bytes because the sign `…` of a shortened key is outside Latin-1. One such character would make
  // writing a whole string slow.
  rows.addBytes(dimensionSet.bytes);
  const judged = [c.class, c.subclass, c.rule, c.generation, c.retry, c.fault, c.wait_seconds];
  rows.add(`\t${record.status}\t${tsvFields(judged)}\t`);
  rows.addBytes(failure.fields);
  const rest = tsvRow([
    failure.headers ?? {},
    record.latency_ms,
    Math.round(record.input_tokens),
    Math.round(record.output_tokens),
    record.cost_usd,
    record.retry_count,
    failure.stream,
    TAXONOMY_VERSION,
    at.topic,
    at.partition,
    at.offset,
    at.part,
  ]);
  rows.add(`\t${rest}`);
}

/** What a row of `addEventRow` added to the counts, with its origin and its body. */
export interface EventFacts {
  counted: Counted;
  dimensions: DimensionValues;
  judged: { class: string; subclass: string; rule: string; retry: string };
  body: string;
  at: Position;
}

/** Reads a row that `addEventRow` made. */
export function readEventRow(row: string): EventFacts {
  const fields = parseTsvRow(row);
  const text = (column: (typeof eventColumns)[number]): string => fields[eventColumns.indexOf(column)] ?? '';
  const number = (column: (typeof eventColumns)[number]): number => Number(text(column));
  return {
    counted: {
      ts: Math.round(number('ts') * 1000),
      status: number('status'),
      latency_ms: number('latency_ms'),
      input_tokens: number('input_tokens'),
      output_tokens: number('output_tokens'),
      cost_usd: number('cost_usd'),
      retry_count: number('retry_count'),
      rate_limit: null,
    },
    dimensions: byCallerDimension(text),
    judged: {
      class: text('class'),
      subclass: text('subclass'),
      rule: text('rule'),
      retry: text('retry'),
    },
    body: text('body'),
    at: {
      topic: text('topic'),
      partition: number('partition'),
      offset: number('offset'),
      part: number('part'),
    },
  };
}
