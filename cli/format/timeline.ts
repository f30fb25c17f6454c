import type { TimelineEvent } from '../../analyzers/timeline.ts';
import type { Incident } from '../../domain/incident.ts';
import { createPainter } from './color.ts';
import { toCsv } from '../../domain/csv.ts';
import type { Terminal } from './incidents.ts';
import { evidenceLines } from './evidence.ts';
import { formatTime } from './numbers.ts';
import { printable, wrap } from './text.ts';

/** Widths of the two columns before the text: `2026-03-01 03:05:00  ` and the name of the event. */
const TIME = 21;
const NAME = 14;
const READABLE = 120;

/** The events of an incident in order, with the numbers of each moment. */
export function timelineInFull(
  one: Incident,
  events: readonly TimelineEvent[],
  { width: columns, color }: Terminal,
): readonly string[] {
  const paint = createPainter(color);
  const width = Math.max(30, Math.min(columns, READABLE) - TIME - NAME);
  return [
    paint(printable(`${one.kind}  ${one.state}  ${one.id}  (times are UTC)`), 'bold'),
    ...events.flatMap((event) => {
      const texts = [printable(withTimes(event.text)), ...evidenceLines(event.numbers)];
      return texts
        .flatMap((text) => wrap(text, width))
        .map((line, i) =>
          i === 0
            ? `${formatTime(Date.parse(event.at)).padEnd(TIME)}${paint(event.event.padEnd(NAME), 'bold')}${line}`
            : `${' '.repeat(TIME + NAME)}${line}`,
        );
    }),
  ];
}

/** Writes the ISO-8601 times in a text as this program writes all other times. */
function withTimes(text: string): string {
  return text.replaceAll(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, (iso) =>
    formatTime(Math.floor(Date.parse(iso) / 1_000) * 1_000),
  );
}

/** One row per event; the numbers are a JSON text. */
export function timelineAsCsv(events: readonly TimelineEvent[]): string {
  return toCsv(
    ['at', 'event', 'text', 'numbers'],
    events.map((one) => [one.at, one.event, one.text, JSON.stringify(one.numbers)]),
  );
}
