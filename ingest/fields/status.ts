import { isNothing } from './nothing.ts';

const STATUS = /^(?:HTTP(?:\/[\d.]+)? ?|status(?: code)?:? ?)?(-?\d{1,5})(?:\.0+)?(?: [A-Za-z][\w '-]*)?$/i;
const LARGEST_STATUS = 999;

/**
 * An HTTP status in any notation: 429, `"429"`, `429 Too Many Requests`, `HTTP/1.1 429`. A proxy writes one status for
 * each attempt, as in `502, 200`; the caller got the last one. Libraries and gateways use negative numbers when there
 * was no answer: they become 0. Undefined when the value is not a status.
 */
export function readStatus(value: unknown): number | undefined {
  if (typeof value === 'number') return inRange(value);
  if (typeof value !== 'string' || value.length > 200) return undefined;
  const plain = value.length === 3 ? Number(value) : Number.NaN;
  if (plain >= 100) return inRange(plain);
  const one = STATUS.exec(value.trim());
  if (one !== null) return inRange(Number(one[1]));
  const last = value.split(/[,:;]/).findLast((part) => !isNothing(part));
  const match = last === undefined || last === value ? null : STATUS.exec(last.trim());
  return match === null ? undefined : inRange(Number(match[1]));
}

function inRange(status: number): number | undefined {
  if (!Number.isInteger(status) || status > LARGEST_STATUS) return undefined;
  return Math.max(0, status);
}
