/** The Content-Type of an answer in this format. */
export function contentType(format: string): string {
  for (const [pattern, type] of types) if (pattern.test(format)) return type;
  return 'text/plain; charset=UTF-8';
}

const types: readonly (readonly [RegExp, string])[] = [
  [/^JSON(Strings)?(Compact)?(Strings)?EachRow/i, 'application/x-ndjson; charset=UTF-8'],
  [/^(JSON|GeoJSON)/i, 'application/json; charset=UTF-8'],
  [/^(TSV|TabSeparated)/i, 'text/tab-separated-values; charset=UTF-8'],
  [/^CSVWithNames/i, 'text/csv; charset=UTF-8; header=present'],
  [/^CSV/i, 'text/csv; charset=UTF-8; header=absent'],
  [/^XML$/i, 'application/xml; charset=UTF-8'],
  [/^Markdown$/i, 'text/markdown; charset=UTF-8'],
  [
    /^(Native|RowBinary|Parquet|Arrow|ORC|Avro|Protobuf|CapnProto|MsgPack|BSON|Npy|RawBLOB)/i,
    'application/octet-stream',
  ],
];
