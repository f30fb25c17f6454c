import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common';

/** Type of the ClickHouse data source in Grafana. */
export const clickhouseType = 'grafana-clickhouse-datasource';

/** Version of the plugin that this query model belongs to; the plugin's migrations read it. */
export const pluginVersion = '4.20.0';

/** The form into which the data source brings the rows. Its backend reads the number, its editor the name. */
export type QueryFormat = 'timeseries' | 'table';
const formatOf: Readonly<Record<QueryFormat, number>> = { timeseries: 0, table: 1 };

/** A query as the ClickHouse data source stores it. */
export interface SqlQuery extends Dataquery {
  refId: string;
  datasource?: DataSourceRef;
  editorType: 'sql';
  rawSql: string;
  format: number;
  queryType: QueryFormat;
  pluginVersion: string;
  /** Only for alert rules: the value of `$__interval_s`. */
  intervalMs?: number;
  maxDataPoints?: number;
}

/** Makes the query model for one statement; a new object each time. */
export function sqlQuery(shape: QueryFormat, rawSql: string, extra: Partial<SqlQuery> = {}): SqlQuery {
  return {
    refId: 'A',
    editorType: 'sql',
    rawSql: rawSql.trim(),
    format: formatOf[shape],
    queryType: shape,
    pluginVersion,
    _implementsDataqueryVariant: () => undefined,
    ...extra,
  };
}

/** Wraps the query model in a builder, as panels and annotations of the SDK need it. */
export function target(shape: QueryFormat, sql: string): Builder<Dataquery> {
  return { build: () => sqlQuery(shape, sql) };
}
