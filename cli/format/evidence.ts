import {
  evidenceByMoment,
  evidenceField,
  type EvidenceMoment,
  evidenceWords,
} from '../../domain/evidence.ts';
import type { Incident } from '../../domain/incident.ts';
import { formatCount, formatDuration, formatTime } from './numbers.ts';
import { printable } from './text.ts';

/** A value of the evidence for people, with its unit and in words. Times are UTC. */
export function evidenceValue(name: string, value: unknown): string {
  if (Array.isArray(value)) return value.map((one) => evidenceValue(name, one)).join(', ');
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') {
    const isTime = /^\d{4}-\d\d-\d\dT.*Z$/.test(value) && !Number.isNaN(Date.parse(value));
    return isTime ? `${formatTime(Date.parse(value))} UTC` : printable(evidenceWords(name, value));
  }
  return typeof value === 'number' ? amount(name, value) : '-';
}

const moments: Readonly<Record<EvidenceMoment, string>> = {
  in_all: 'so far',
  latest: 'last window',
  before: 'before it began',
  found: 'when it fired',
  fixed: 'facts',
};

/** `so far - Refused requests: 1,204; Refused share: 31 %`: the numbers of one version, one text for each moment. */
export function evidenceLines(numbers: Incident['evidence']): string[] {
  return evidenceByMoment(numbers).map(([moment, fields]) => {
    const texts = fields.map(
      ([name, value]) => `${evidenceField(name)?.label ?? name}: ${evidenceValue(name, value)}`,
    );
    return `${moments[moment]} - ${texts.join('; ')}`;
  });
}

function amount(name: string, value: number): string {
  const unit = evidenceField(name)?.unit;
  if (unit === 'ratio') return `${rounded(value * 100)} %`;
  if (unit === 'usd') return `$${rounded(value)}`;
  if (unit === 'seconds') return formatDuration(value);
  return unit === 'times' ? `${rounded(value)} times` : rounded(value);
}

function rounded(value: number): string {
  return Number.isInteger(value) || Math.abs(value) >= 1_000
    ? formatCount(Math.round(value))
    : String(Number(value.toPrecision(4)));
}
