import { asList, asObject, firstText, type JsonObject } from '../format.ts';

/** Attributes by name, values as plain JSON. */
export type Attributes = ReadonlyMap<string, unknown>;

/** One span or log record with its resource and scope. */
export interface OtlpItem {
  kind: 'span' | 'log';
  item: JsonObject;
  attributes: Attributes;
  resource: Attributes;
  /** Name of the instrumentation scope; empty when there is none. */
  scope: string;
  /**
   * Returns a message with this item alone. It keeps only those parts of resource and scope that are read, because a
   * large resource would be repeated for each damaged item.
   */
  alone: () => unknown;
}

const SIGNALS = [
  { kind: 'span', outer: 'resourceSpans', middle: 'scopeSpans', inner: 'spans' },
  { kind: 'log', outer: 'resourceLogs', middle: 'scopeLogs', inner: 'logRecords' },
] as const;
const DEEPEST_VALUE = 16;
/** The attributes of a resource that vocabularies read. */
const OF_RESOURCE: readonly unknown[] = ['service.name', 'cloud.region'];
const LONGEST_KEPT = 1024;

/** All spans and log records of an OTLP/JSON message, in order. Skips values that should be objects but are not. */
export function otlpItems(message: JsonObject): OtlpItem[] {
  const items: OtlpItem[] = [];
  for (const { kind, outer, middle, inner } of SIGNALS) {
    for (const group of asList(message[outer])) {
      const resourceObject = asObject(group)?.['resource'];
      const resource = readAttributes(asObject(resourceObject)?.['attributes']);
      for (const scopeGroup of asList(asObject(group)?.[middle])) {
        const scope = asObject(scopeGroup)?.['scope'];
        const scopeName = firstText(asObject(scope)?.['name']) ?? '';
        for (const value of asList(asObject(scopeGroup)?.[inner])) {
          const item = asObject(value);
          if (item === null) continue;
          items.push({
            kind,
            item,
            attributes: readAttributes(item['attributes']),
            resource,
            scope: scopeName,
            alone: () => ({
              [outer]: [
                {
                  resource: {
                    attributes: asList(asObject(resourceObject)?.['attributes']).filter(isKept),
                  },
                  [middle]: [{ scope: { name: scopeName.slice(0, LONGEST_KEPT) }, [inner]: [item] }],
                },
              ],
            }),
          });
        }
      }
    }
  }
  return items;
}

/** Converts a list of `{key, value: AnyValue}` to a map; of equal keys the last counts. */
export function readAttributes(list: unknown): Attributes {
  const attributes = new Map<string, unknown>();
  for (const entry of asList(list)) {
    const pair = asObject(entry);
    const key = pair?.['key'];
    if (typeof key === 'string') attributes.set(key, readAnyValue(pair?.['value']));
  }
  return attributes;
}

/**
 * Converts OTLP's AnyValue to plain JSON. 64-bit integers, which OTLP/JSON writes as text, become numbers. Undefined
 * when it has no value that can be read.
 */
export function readAnyValue(value: unknown, depth = 0): unknown {
  const any = asObject(value);
  if (any === null || depth > DEEPEST_VALUE) return undefined;
  if (any['stringValue'] !== undefined) return any['stringValue'];
  if (any['intValue'] !== undefined) return Number(any['intValue']);
  if (any['doubleValue'] !== undefined) return any['doubleValue'];
  if (any['boolValue'] !== undefined) return any['boolValue'];
  if (any['arrayValue'] !== undefined) {
    return asList(asObject(any['arrayValue'])?.['values']).map((item) => readAnyValue(item, depth + 1));
  }
  if (any['kvlistValue'] === undefined) return undefined;
  const pairs = asList(asObject(any['kvlistValue'])?.['values']).map(asObject);
  return Object.fromEntries(
    pairs.map((pair) => [firstText(pair?.['key']) ?? '', readAnyValue(pair?.['value'], depth + 1)]),
  );
}

function isKept(entry: unknown): boolean {
  const pair = asObject(entry);
  const text = asObject(pair?.['value'])?.['stringValue'];
  return OF_RESOURCE.includes(pair?.['key']) && typeof text === 'string' && text.length <= LONGEST_KEPT;
}

/** Name of the event in a log record. */
export function eventName({ item, attributes }: OtlpItem): string | undefined {
  return firstText(item['eventName'], attributes.get('event.name'));
}

/** Body of a log record if it is a text. */
export function bodyText({ item }: OtlpItem): string | undefined {
  return firstText(asObject(item['body'])?.['stringValue']);
}

/** Trace and span of an item; empty when it has none. */
export function spanKey({ item }: OtlpItem): string {
  const span = firstText(item['spanId']);
  return span === undefined ? '' : `${firstText(item['traceId']) ?? ''}/${span}`;
}

/** The parent of a span; empty when it has none. */
export function parentKey({ item }: OtlpItem): string {
  const span = firstText(item['parentSpanId']);
  return span === undefined ? '' : `${firstText(item['traceId']) ?? ''}/${span}`;
}
