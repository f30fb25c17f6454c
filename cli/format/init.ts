import { WRITE_JSON } from './input-report.ts';
import { stringify } from 'yaml';
import type { ReadingPlan } from '../input/propose-settings.ts';
import type { Painter } from './color.ts';
import { formatCount } from './numbers.ts';
import { clip, printable, wrap } from './text.ts';

/** Fields that make counts much more useful, and what is lost without them. Other missing fields are only named. */
const WANTED: Readonly<Record<string, string>> = {
  model: 'failures cannot be separated by model',
  error: 'failures are judged by their status alone: a 429 for quota looks like one for rate',
  client: 'callers cannot be named',
  latency_ms: 'there are no latencies',
};

/** Lines about a plan: what would be counted, and what is missing. */
export function planLines(
  plan: ReadingPlan,
  name: string,
  { width, paint }: { width: number; paint: Painter },
): string[] {
  const lines = [...plan.known].map(
    ([format, count]) =>
      `${name}: ${formatCount(count)} record${count === 1 ? '' : 's'} recognised as ${paint(format, 'bold')}`,
  );
  const fields = Object.entries(plan.mapping);
  if (fields.length > 0) {
    lines.push(`${name}: proposed mapping, with what it reads`);
    const examples = exampleOf(plan);
    for (const [field, source] of fields) {
      const example = examples.get(field);
      const shown = example === undefined ? '' : `  ${paint(clip(printable(example), 48), 'dim')}`;
      lines.push(`  ${field.padEnd(14)}${sourceText(source).padEnd(36)}${shown}`);
    }
  }
  if (plan.fault !== null) lines.push(`${paint('cannot be read this way', 'red')}: ${plan.fault}`);
  else lines.push(countedLine(plan, paint), ...deadLines(plan, paint));
  if (fields.length > 0 && isWithoutSuccess(plan))
    lines.push(
      `  ${paint('no request is a success', 'yellow')}: if the log has successes, use --set to correct the field that distinguishes them (status, outcome, error)`,
    );
  if (plan.tried.length > 0 && plan.tried.every(isText)) lines.push(`  its records are text: ${WRITE_JSON}`);
  for (const field of plan.missing) {
    const why = WANTED[field];
    if (why !== undefined && fields.length > 0) lines.push(`  no ${field}: ${why}`);
  }
  const others = plan.missing.filter(
    (field) => WANTED[field] === undefined && field !== 'ts' && field !== 'status',
  );
  const rest = others.length === 0 ? [] : wrap(`not found: ${others.join(', ')}`, width - 2);
  return [...lines.map((line) => clip(line, width)), ...rest.map((line) => `  ${line}`)];
}

/** The text of a new settings file. `topic`: the topic of the sample; null for a file. */
export function settingsText({ format, mapping }: ReadingPlan, topic: string | null): string {
  const settings = {
    ...(topic === null ? {} : { kafka: { topics: [topic] } }),
    format,
    ...(Object.keys(mapping).length === 0 ? {} : { mapping }),
  };
  return `# Written by faultline init. All settings: faultline settings --example\n${stringify(settings, { lineWidth: 110 })}`;
}

/**
 * True when every request is a failure. The mapping then probably reads the error from a field that all records have.
 */
function isWithoutSuccess({ tried }: ReadingPlan): boolean {
  const requests = tried.flatMap(({ records }) => records.flatMap((record) => record.requests));
  return requests.length > 1 && requests.every((request) => request.class !== 'ok');
}

function isText({ outcome }: ReadingPlan['tried'][number]): boolean {
  return outcome.kind !== 'counted' && (outcome.reason === 'not_json' || outcome.reason === 'plain_text');
}

function sourceText(source: unknown): string {
  if (typeof source === 'string') return source;
  return JSON.stringify(source).replaceAll(/"([^"\\]*)"/g, '$1');
}

/** An example of each field: its first value that is neither empty nor 0. */
function exampleOf({ tried }: ReadingPlan): Map<string, string> {
  const examples = new Map<string, string>();
  for (const { fields } of tried.flatMap(({ records }) => records))
    for (const { field, value } of fields)
      if (!examples.has(field) && value !== '' && value !== 0)
        examples.set(field, typeof value === 'string' ? value : JSON.stringify(value));
  return examples;
}

function countedLine({ tried }: ReadingPlan, paint: Painter): string {
  const classes = new Map<string, number>();
  const skipped = new Map<string, number>();
  for (const { outcome, records } of tried) {
    for (const one of records.length === 0 ? [{ outcome }] : records)
      if (one.outcome.kind === 'skipped')
        skipped.set(one.outcome.reason, (skipped.get(one.outcome.reason) ?? 0) + 1);
    for (const request of records.flatMap((record) => record.requests))
      classes.set(request.class, (classes.get(request.class) ?? 0) + 1);
  }
  const requests = [...classes.values()].reduce((sum, n) => sum + n, 0);
  const byClass = [...classes]
    .sort(([, a], [, b]) => b - a)
    .map(([word, count]) => `${formatCount(count)} ${word}`);
  const left = [...skipped].map(
    ([reason, count]) => `${formatCount(count)} skipped as ${reason.replaceAll('_', ' ')}`,
  );
  const many = byClass.length === 0 ? '' : ` (${byClass.join(', ')})`;
  return [
    `${paint('would count', requests > 0 ? 'green' : 'red')}: requests: ${formatCount(requests)}${many}, of records: ${formatCount(tried.length)}`,
    ...left,
  ].join(', ');
}

function deadLines({ tried }: ReadingPlan, paint: Painter): string[] {
  const reasons = new Map<string, { count: number; first: number }>();
  tried.forEach(({ outcome, records }, i) => {
    const dead = [outcome, ...records.map((record) => record.outcome)].find(({ kind }) => kind === 'dead');
    if (dead?.kind !== 'dead') return;
    const reason = `${dead.reason}: ${dead.detail}`;
    const known = reasons.get(reason);
    if (known === undefined) reasons.set(reason, { count: 1, first: i + 1 });
    else known.count++;
  });
  return [...reasons].map(
    ([reason, { count, first }]) =>
      `  ${paint(`${formatCount(count)} dead`, 'yellow')}, first: record ${first}: ${reason}`,
  );
}
