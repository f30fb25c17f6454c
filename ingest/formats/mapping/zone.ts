import { type OffsetAt, timeZone } from '../../fields/time-zone.ts';
import { faultAt, shown } from './fault.ts';

/** The time zone that a mapping names; undefined when it names none. Throws a `MappingFault`. */
export function zoneOf(name: unknown, at: string): OffsetAt | undefined {
  if (name === undefined) return undefined;
  const zone = typeof name === 'string' ? timeZone(name) : null;
  if (zone !== null) return zone;
  throw faultAt(at, `${shown(name)} is not a time zone; write UTC, +02:00 or a name such as Europe/Berlin`);
}
