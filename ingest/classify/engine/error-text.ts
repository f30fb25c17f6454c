const HEAD = 64 * 1024;
const TAIL = 8 * 1024;
const MAX_ITEMS = 65_536;
const MAX_CAUSES = 8;

/**
 * Converts any error to one text to scan: objects to JSON, thrown errors with their causes. Of a long text it keeps the
 * first 65,536 and the last 8,192 characters; it removes the prefixes of log lines. Never throws.
 */
export function errorText(error: unknown): string {
  if (typeof error === 'string') return shorten(error);
  if (error === null || error === undefined) return '';
  if (typeof error === 'object') return shorten(jsonText(error));
  return typeof error === 'number' || typeof error === 'boolean' || typeof error === 'bigint'
    ? `${error}`
    : '';
}

function shorten(text: string): string {
  const cut = text.length <= HEAD + TAIL ? text : `${text.slice(0, HEAD)}\n${text.slice(-TAIL)}`;
  return withoutLinePrefixes(cut);
}

/** Removes the name and the bar that `docker compose logs` and similar tools put before each line. */
export function withoutLinePrefixes(text: string): string {
  if (!/^[\w.-]{1,64} *\| /.test(text)) return text;
  return text.replace(/^[\w.-]{1,64} *\| ?/gm, '');
}

function jsonText(value: object): string {
  try {
    const text: unknown = value instanceof Error ? thrownText(value) : JSON.stringify(value);
    return typeof text === 'string' ? text : '';
  } catch {
    return boundedText(value);
  }
}

/**
 * Name, message and own fields of a thrown error and of its causes. At most eight are read, because causes may form a
 * circle.
 */
function thrownText(error: Error): string {
  const parts: string[] = [];
  let next: unknown = error;
  while (next instanceof Error && parts.length < MAX_CAUSES) {
    const own = Object.entries(next).filter(([, value]) => typeof value !== 'function');
    const fields = own.length === 0 ? '' : ` ${JSON.stringify(Object.fromEntries(own))}`;
    parts.push(`${next.name}: ${next.message}${fields}`);
    next = next.cause;
  }
  return parts.join(' cause: ');
}

/** A text for values that JSON refuses: values that are circular, too deep, or throw when they are read. */
function boundedText(value: object): string {
  const parts: string[] = [];
  const known = new Set<object>([value]);
  for (const item of known) {
    if (known.size > MAX_ITEMS || parts.length > MAX_ITEMS) break;
    try {
      for (const [key, entry] of Object.entries(item)) {
        if (typeof entry === 'object' && entry !== null) known.add(entry);
        else parts.push(`"${key}": ${JSON.stringify(String(entry))}`);
      }
    } catch {
      parts.push('"error": "unreadable"');
    }
  }
  return parts.join(', ');
}
