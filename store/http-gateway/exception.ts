/** A refusal with a ClickHouse error code, as ClickHouse's HTTP interface reports it. */
export class Exception extends Error {
  /** ClickHouse's number, such as 60. */
  readonly code: number;
  /** ClickHouse's name, such as UNKNOWN_TABLE. */
  readonly label: string;
  /** The HTTP status that belongs to the code, unless another status is given. */
  readonly status: number;
  constructor(code: number, label: string, message: string, status = statusOf(code)) {
    super(message);
    this.name = 'Exception';
    this.code = code;
    this.label = label;
    this.status = status;
  }
}

/** Codes whose HTTP status is not 500, as in ClickHouse's HTTP handler. */
const statuses: Readonly<Record<number, readonly number[]>> = {
  // Data or statements that cannot be parsed.
  400: [6, 8, 15, 25, 26, 27, 38, 41, 44, 53, 62, 72, 117, 167, 168, 223, 321, 376, 427],
  401: [194],
  403: [192, 193, 512, 516],
  // Things that do not exist: functions, columns, types, tables, formats, databases, settings.
  404: [46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 139, 336, 511],
  408: [159],
  411: [381],
  413: [229],
  501: [48],
  503: [209, 439],
};

/** The HTTP status of a ClickHouse code. */
export function statusOf(code: number): number {
  for (const [status, codes] of Object.entries(statuses)) if (codes.includes(code)) return Number(status);
  return 500;
}

/**
 * Turns any error of the engine or of this code into an `Exception`. An error that is not a ClickHouse exception gets
 * code 1001 (STD_EXCEPTION).
 */
export function toException(error: unknown): Exception {
  if (error instanceof Exception) return error;
  const message = error instanceof Error ? error.message : String(error);
  const parts =
    /^Code: (?<code>\d+)\. DB::(?:Net)?Exception: (?<text>.*?)(?: \((?<label>[A-Z0-9_]+)\))?\.?\s*$/s.exec(
      message,
    );
  if (parts?.groups === undefined) return new Exception(1001, 'STD_EXCEPTION', message);
  const { code, text = '', label = '' } = parts.groups;
  return new Exception(Number(code), label, text);
}

/**
 * The text of an answer: `Code: 60. DB::Exception: … (UNKNOWN_TABLE) (version 26.7.2.1 (official build))` with a line
 * end.
 */
export function exceptionText(exception: Exception, version: string): string {
  const label = exception.label === '' ? '' : ` (${exception.label})`;
  return `Code: ${exception.code}. DB::Exception: ${exception.message}${label} (version ${version} (official build))\n`;
}
