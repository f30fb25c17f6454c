import { errorClasses, type RequestClass, requestClassNames } from '../../domain/error-class.ts';
import type { Incident } from '../../domain/incident.ts';
import type { CommandContext } from '../context.ts';
import { createPainter } from './color.ts';
import { incidentInFull } from './incidents.ts';
import { formatCount, formatTime } from './numbers.ts';
import { sparkline } from './sparkline.ts';

/** The totals from which the view is made. The view computes rates per second of wall time from two updates. */
export interface LiveCounts {
  records: number;
  dead: number;
  byClass: ReadonlyMap<RequestClass, number>;
  /** The event time that was reached, epoch ms; null before the first record and for a topic. */
  present: number | null;
  /** 0 to 1; null when the source has no end. */
  progress: number | null;
  /** Why the process cannot work at present; empty when it can. */
  trouble: string;
  openIncidents: number;
}

export interface LiveView {
  /**
   * Shows the present state. On a terminal it replaces the previous drawing; elsewhere it prints one line every few
   * seconds.
   */
  update(counts: LiveCounts): void;
  /** Prints one line above the live block. */
  say(line: string): void;
  /** Prints above the live block an incident that opened or closed. */
  incident(incident: Incident): void;
  /** Prints above the live block a line about a problem. */
  notice(line: string): void;
  /** Prints the totals in one line; the last live block stays above it. */
  close(counts: LiveCounts): void;
}

const HISTORY = 30;
const LINE_EVERY_MS = 5_000;

/** Shows live rates by class on standard error, and incidents on standard output. */
export function createLiveView(
  context: Pick<CommandContext, 'out' | 'stderr' | 'color' | 'width' | 'now'>,
): LiveView {
  const live = 'isTTY' in context.stderr && context.stderr.isTTY;
  const paint = createPainter(context.color);
  const history = new Map<RequestClass, number[]>();
  let before: { at: number; counts: LiveCounts } | null = null;
  let drawn = 0;
  let saidAt = Number.NEGATIVE_INFINITY;

  const erase = (): void => {
    if (drawn > 0) context.stderr.write(`\u001B[${drawn}A\u001B[0J`);
    drawn = 0;
  };
  const rates = (counts: LiveCounts, now: number): Map<RequestClass, number> => {
    const seconds = before === null ? 0 : (now - before.at) / 1000;
    const result = new Map<RequestClass, number>();
    for (const name of requestClassNames) {
      const added = (counts.byClass.get(name) ?? 0) - (before?.counts.byClass.get(name) ?? 0);
      const rate = seconds > 0 ? added / seconds : 0;
      result.set(name, rate);
      history.set(name, [...(history.get(name) ?? []), rate].slice(-HISTORY));
    }
    before = { at: now, counts: { ...counts, byClass: new Map(counts.byClass) } };
    return result;
  };
  const headline = (counts: LiveCounts, perSecond: number): string => {
    const time = reached(counts);
    const progress = counts.progress === null ? '' : `  ${Math.floor(counts.progress * 100)} %`;
    const dead = counts.dead === 0 ? '' : `  ${formatCount(counts.dead)} undecodable`;
    return `${time}${progress}  ${formatCount(counts.records)} records, ${formatCount(perSecond)}/s${dead}  ${openOnes(counts)}`;
  };
  return {
    update(counts) {
      const now = context.now();
      if (!live && now - saidAt < LINE_EVERY_MS) return;
      saidAt = now;
      const rate = rates(counts, now);
      const perSecond = [...rate.values()].reduce((sum, n) => sum + n, 0);
      const trouble = counts.trouble === '' ? [] : [paint(counts.trouble, 'yellow')];
      if (!live) {
        const worst = [...rate]
          .filter(([name, n]) => name !== 'ok' && n >= 0.05)
          .sort((a, b) => b[1] - a[1])
          .slice(0, 4);
        const errors = worst.map(([name, n]) => `${name} ${n.toFixed(1)}/s`).join(', ');
        context.stderr.write(
          `${[headline(counts, perSecond), errors, ...trouble].filter((part) => part !== '').join('  |  ')}\n`,
        );
        return;
      }
      const lines = [paint(headline(counts, perSecond), 'bold'), ...trouble];
      for (const name of requestClassNames) {
        const total = counts.byClass.get(name) ?? 0;
        if (total === 0) continue;
        const title = errorClasses[name].title.padEnd(44);
        lines.push(
          `  ${title} ${formatCount(total).padStart(9)} ${`${(rate.get(name) ?? 0).toFixed(1)}/s`.padStart(10)}  ${sparkline(history.get(name) ?? [], HISTORY)}`,
        );
      }
      erase();
      const fitting = lines.map((line) => (context.width < 90 ? line.slice(0, context.width - 1) : line));
      context.stderr.write(`${fitting.join('\n')}\n`);
      drawn = fitting.length;
    },
    say(line) {
      erase();
      context.stderr.write(`${line}\n`);
    },
    incident(incident) {
      erase();
      const mark =
        incident.state === 'resolved' ? paint('■ closed', 'green') : paint('▲ opened', 'red', 'bold');
      context.out(`${mark}  ${incident.started_at} – ${incident.resolved_at ?? 'now'}`);
      const full = incidentInFull(incident, {
        width: context.width,
        color: context.color,
        now: Date.parse(incident.detected_at),
      });
      // For a closed incident the headline is enough: there is nothing left to do.
      const lines = incident.state === 'resolved' ? full.slice(0, full.indexOf('')) : full;
      for (const line of lines) context.out(line);
      context.out('');
    },
    notice(line) {
      erase();
      context.stderr.write(`${paint(line, 'yellow')}\n`);
    },
    close(counts) {
      drawn = 0;
      context.stderr.write(`${summary(counts)}\n`);
    },
  };
}

/** The event time that was reached. It is not known for a topic, even while records arrive. */
function reached({ present, records }: LiveCounts): string {
  if (present !== null) return `${formatTime(present)} UTC`;
  return records === 0 ? 'waiting for records' : 'reading';
}

function openOnes({ openIncidents }: LiveCounts): string {
  return `${openIncidents} open incident${openIncidents === 1 ? '' : 's'}`;
}

function summary(counts: LiveCounts): string {
  const { records, dead, byClass } = counts;
  const failures = [...byClass].filter(([name]) => name !== 'ok').sort((a, b) => b[1] - a[1]);
  const failed = failures.reduce((sum, [, n]) => sum + n, 0);
  const most = failures.slice(0, 3).map(([name, n]) => `${name} ${formatCount(n)}`);
  const others = failures.length > most.length ? [`${failures.length - most.length} other classes`] : [];
  const classes = failed === 0 ? '' : ` (${[...most, ...others].join(', ')})`;
  const undecodable = dead === 0 ? '' : `, ${formatCount(dead)} undecodable (faultline dead-letters list)`;
  return `counted ${formatCount(records)} records: ${formatCount(failed)} failed${classes}${undecodable}; ${openOnes(counts)}`;
}
