/** No answer has as many headers as this. */
const MOST = 1000;

/**
 * Headers as an object of names and values, from any form that loggers use: an object; a list of `{name, value}`,
 * `{key, value}`, `{<name>: value}`, pairs, or lines `name: value`; a text of such lines; or one of these as JSON text.
 * Undefined for anything else.
 */
export function readHeaderObject(value: unknown): Record<string, unknown> | undefined {
  if (Array.isArray(value)) return ofList(value);
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  if (text.startsWith('{') || text.startsWith('[')) {
    try {
      const parsed: unknown = JSON.parse(text);
      return typeof parsed === 'object' ? readHeaderObject(parsed) : undefined;
    } catch {
      return undefined;
    }
  }
  return text.includes(':') ? ofList(text.split(/\r?\n/)) : undefined;
}

function ofList(list: readonly unknown[]): Record<string, unknown> | undefined {
  if (list.length > MOST) return undefined;
  const pairs = list.map(toPair).filter((pair) => pair !== null);
  return pairs.length === 0 && list.length > 0 ? undefined : Object.fromEntries(pairs);
}

function toPair(item: unknown): [string, unknown] | null {
  if (typeof item === 'string') {
    const colon = item.indexOf(':');
    return colon > 0 ? [item.slice(0, colon).trim(), item.slice(colon + 1).trim()] : null;
  }
  if (Array.isArray(item)) return typeof item[0] === 'string' ? [item[0], item[1]] : null;
  if (typeof item !== 'object' || item === null) return null;
  const entry = item as Record<string, unknown>;
  const name = entry['name'] ?? entry['key'] ?? entry['Name'] ?? entry['Key'];
  if (typeof name === 'string') return [name, entry['value'] ?? entry['Value']];
  const only = Object.entries(entry);
  return only.length === 1 ? (only[0] ?? null) : null;
}
