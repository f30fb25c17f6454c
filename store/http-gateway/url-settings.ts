/** The parameters in the address of a request, without the query. */
export interface UrlParameters {
  /** Values of `{name:Type}` placeholders under `param_` and the name, each as one TabSeparated field. */
  params: Record<string, string>;
  /** Settings of the statement, under ClickHouse's names. */
  settings: Record<string, string>;
}

/** Separates the parameters of an address into values of placeholders and settings. Pure. */
export function readUrlParameters(search: URLSearchParams): UrlParameters {
  const params: Record<string, string> = {};
  const settings: Record<string, string> = {};
  for (const [name, value] of search) {
    if (name.startsWith('param_')) params[name] = value;
    else if (!reserved.has(name) && !name.startsWith('http_')) settings[name] = value;
  }
  return { params, settings };
}

/**
 * The settings of a request that a read applies: those of `harmless` whose value differs from the engine's default, and
 * the limits of `bounded`. Only a client with the token can raise a limit. Pure.
 */
export function readSettings(
  settings: Readonly<Record<string, string>>,
  hasToken: boolean,
): Record<string, string> {
  const applied: Record<string, string> = {};
  for (const [name, value] of Object.entries(settings)) {
    const standard = harmless.get(name);
    if (standard !== undefined && standard !== canonical(value)) applied[name] = value;
    const most = bounded.get(name);
    if (most === undefined) continue;
    if (hasToken) applied[name] = value;
    // 0 would remove the limit, and so would a value that is not a number.
    else if (Number(value) > 0) applied[name] = String(Math.min(Number(value), most));
  }
  return applied;
}

/** Parameters of the HTTP interface itself, and settings that only concern it. */
const reserved = new Set([
  'query',
  'query_id',
  'database',
  'default_format',
  'user',
  'password',
  'quota_key',
  'session_id',
  'session_check',
  'session_timeout',
  'session_timezone_hint',
  'role',
  'compress',
  'decompress',
  'stacktrace',
  'buffer_size',
  'wait_end_of_query',
  'close_session',
  'client_protocol_version',
  'send_progress_in_http_headers',
  'enable_http_compression',
  'cancel_http_readonly_queries_on_client_close',
  'add_http_cors_header',
  'max_http_get_redirects',
]);

/** The most that one read may use, in seconds and bytes; a client can ask for less. */
export const readBounds = { max_execution_time: 300, max_memory_usage: 4 * 1024 ** 3 } as const;
const bounded: ReadonlyMap<string, number> = new Map(Object.entries({ ...readBounds, max_threads: 64 }));

/** Allowed settings, with the engine's defaults. They change the form of an answer or reduce the work. */
const harmless: ReadonlyMap<string, string> = new Map(
  Object.entries({
    output_format_json_quote_64bit_integers: '0',
    output_format_json_quote_64bit_floats: '0',
    output_format_json_quote_denormals: '0',
    output_format_json_quote_decimals: '0',
    output_format_json_escape_forward_slashes: '1',
    output_format_json_named_tuples_as_objects: '1',
    output_format_json_array_of_rows: '0',
    output_format_csv_crlf_end_of_line: '0',
    output_format_tsv_crlf_end_of_line: '0',
    output_format_write_statistics: '1',
    output_format_native_use_flattened_dynamic_and_json_serialization: '0',
    output_format_native_write_json_as_string: '0',
    date_time_output_format: 'simple',
    session_timezone: '',
    extremes: '0',
    join_use_nulls: '0',
    group_by_use_nulls: '0',
    final: '0',
    max_result_rows: '0',
    max_rows_to_read: '0',
    max_bytes_to_read: '0',
    limit: '0',
    offset: '0',
  }),
);

function canonical(value: string): string {
  return value === 'true' ? '1' : value === 'false' ? '0' : value;
}
