/** What may be named without the token. Names of functions are in lower case. */
export interface ReaderRights {
  /** Database of faultline's own tables, all of which may be read. */
  database: string;
  functions: ReadonlySet<string>;
  /** Functions that count, which may carry suffixes such as `If`. */
  aggregates: ReadonlySet<string>;
  /** Every function that the engine has. */
  known: ReadonlySet<string>;
}

/** The engine's functions, one a row; read as `readerRights` takes it. */
export const functionsQuery = 'SELECT name, categories, alias_to, is_aggregate FROM system.functions';

/** The rights of a reader, from the answer to `functionsQuery` in TabSeparated. Pure. */
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

/** Tables of the database `system` that describe faultline's own, or nothing at all. */
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
 * Categories of the engine whose functions depend on their arguments alone. Not among them: `Other` (the function
 * file, server settings, certificates), dictionaries, models, AI services, introspection, encryption.
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

/** Functions of other categories, each looked at. */
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

/** What the parser itself writes as functions. */
const syntaxFunctions = ['_CAST', 'lambda', 'exists', 'untuple', 'grouping', 'arrayJoin'];
