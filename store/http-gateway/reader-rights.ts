/** What a statement without the token may name. Names of functions are in lower case. */
export interface ReaderRights {
  /** Database of faultline's own tables; all of them may be read. */
  database: string;
  functions: ReadonlySet<string>;
  /** Aggregate functions, which may have suffixes such as `If`. */
  aggregates: ReadonlySet<string>;
  /** All functions of the engine, allowed or not. */
  known: ReadonlySet<string>;
}

/** Lists the engine's functions, one per row; `readerRights` reads the answer. */
export const functionsQuery = 'SELECT name, categories, alias_to, is_aggregate FROM system.functions';

/** The rights of a reader, from the TabSeparated answer to `functionsQuery`. Pure. */
export function readerRights(database: string, answer: string): ReaderRights {
  const rows = answer
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [name = '', category = '', original = '', isAggregate = ''] = line.split('\t');
      return { name, category, original, isAggregate: isAggregate === '1' };
    });
  const lower = (names: readonly string[]) => new Set(names.map((name) => name.toLowerCase()));
  const allowed = new Set([
    ...rows.filter(({ category }) => categories.has(category)).map(({ name }) => name),
    ...singleFunctions,
  ]);
  const aggregates = new Set(rows.filter((row) => row.isAggregate).map(({ name }) => name));
  const withAliases = (names: ReadonlySet<string>) =>
    rows.filter(({ name, original }) => names.has(name) || names.has(original)).map(({ name }) => name);
  return {
    database,
    functions: lower([...withAliases(allowed), ...syntaxFunctions]),
    aggregates: lower(withAliases(aggregates)),
    known: lower(rows.map(({ name }) => name)),
  };
}

/** Table functions that compute rows and open nothing. */
export const tableFunctions: ReadonlySet<string> = new Set([
  'numbers',
  'numbers_mt',
  'zeros',
  'zeros_mt',
  'generateseries',
  'generate_series',
  'values',
  'sqlstandardvalues',
  'view',
  'null',
]);

/** Tables of the database `system` that describe only faultline's own tables or reveal nothing. */
export const systemTables: ReadonlySet<string> = new Set([
  'databases',
  'tables',
  'columns',
  'functions',
  'data_type_families',
  'formats',
  'time_zones',
  'events',
  'one',
  'numbers',
]);

/**
 * The engine's categories of functions that depend only on their arguments. Left out are `Other` (the function file,
 * server settings, certificates), dictionaries, models, AI services, introspection and encryption.
 */
const categories: ReadonlySet<string> = new Set([
  'Arithmetic',
  'Arrays',
  'Bit',
  'Bitmap',
  'Comparison',
  'Conditional',
  'Dates and Times',
  'Distance',
  'Encoding',
  'Financial',
  'Geo',
  'Hash',
  'IP Address',
  'JSON',
  'Logical',
  'Map',
  'Mathematical',
  'Null',
  'Random Number',
  'Rounding',
  'String',
  'String Replacement',
  'String Search',
  'String Splitting',
  'Time Window',
  'Tuple',
  'Type Conversion',
  'URL',
  'UUID',
]);

/** Functions of other categories, each checked by hand. */
const singleFunctions = `
  bar transform materialize identity ignore indexHint isConstant throwIf sleep caseWithExpression
  version revision displayName hostName uptime queryID errorCodeToName currentDatabase currentSchemas currentUser
  toTypeName toColumnTypeName byteSize visibleWidth countDigits digits isDecimalOverflow
  formatReadableSize formatReadableDecimalSize formatReadableQuantity formatReadableTimeDelta
  parseTimeDelta parseReadableSize parseReadableSizeOrNull parseReadableSizeOrZero
  runningDifference runningDifferenceStartingWithFirstValue runningAccumulate neighbor
  rowNumberInBlock rowNumberInAllBlocks finalizeAggregation initializeAggregation
  getSubcolumn variantElement variantType defaultValueOfTypeName defaultValueOfArgumentType
  lowCardinalityKeys lowCardinalityIndices formatQuery formatQuerySingleLine`
  .trim()
  .split(/\s+/);

/** Names that the parser itself writes as functions. */
const syntaxFunctions = ['_CAST', 'lambda', 'exists', 'untuple', 'grouping', 'arrayJoin'];
