/** A mapping that cannot be used: the message is one line with the place and what is wrong. */
export class MappingFault extends Error {
  /** The place in the mapping, such as `mapping.status.from`. */
  readonly at: string;

  constructor(at: string, what: string) {
    super(`${at}: ${what}`);
    this.at = at;
  }
}

/** The fault at a key such as `mapping.status.from`. */
export function faultAt(at: string, what: string): MappingFault {
  return new MappingFault(at, what);
}

/** A value of a mapping as a map; throws a fault when it is not a map. */
export function asMap(value: unknown, at: string, example: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>;
  throw faultAt(at, `${shown(value)} is not a map; write ${example}`);
}

/** A value as it appears in a message, shortened. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** Throws a fault for the first key that is unknown. */
export function refuseUnknown(
  map: Readonly<Record<string, unknown>>,
  known: readonly string[],
  at: string,
): void {
  const unknown = Object.keys(map).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw faultAt(`${at}.${unknown}`, `unknown key; known keys: ${known.join(', ')}`);
}
