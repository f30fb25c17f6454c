import type { BatchLimits } from '../../ingest/batcher.ts';
import type { Source } from '../../ingest/sources/source.ts';
import { openStreamLines } from '../../ingest/sources/stream-lines.ts';
import { findScenario } from '../../simulate/scenarios.ts';
import type { CommandContext } from '../context.ts';
import type { InputUnit } from '../format/input-report.ts';
import { playDemo } from './demo.ts';
import { UserError } from '../errors.ts';
import { neededKafka } from '../needs/needs.ts';
import { fileAnnouncements, openLines } from './open-lines.ts';
import { fileLimits } from '../needs/worker.ts';
import type { Needed } from '../needs/wait-until-there.ts';

/** The source that `start` reads, and its time. */
export interface StartSource {
  /** The name in messages. */
  name: string;
  records: Source;
  isDemo: boolean;
  /** True when the records come from a Kafka topic. */
  isTopic: boolean;
  /**
   * The file that is read from beginning to end, whose data may be older than the retention; null for other sources.
   */
  file: string | null;
  /** True when the records define the present. For other sources the clock does. */
  isHistory: boolean;
  /** The limits of batches; null: the limits in the settings. */
  limits: BatchLimits | null;
  /** The event time that counts as now, epoch ms; null: the clock. */
  present(watermark: number | null): number | null;
  /** 0 to 1; null when there is no end. */
  progress(): number | null;
  /** Bytes of an incomplete last line, which was not counted. */
  unfinished(): number;
  /** Why the source was not read to its end, in one line; null when nothing is wrong. */
  damage(): string | null;
  /** The unit of its records. It is known only after the first records were read. */
  unit(): InputUnit;
  /** The line to print when the source has ended and the page is still served. */
  farewell: string;
}

/** With this speed a day takes two and a half minutes, and its incidents take longer. */
const DEMO_SPEED = 576;
/** The shortest time that an incident of the demo takes, so that somebody who opens the page sees it firing. */
const DEMO_INCIDENT_MS = 30_000;

export interface SourceOptions {
  source?: string;
  speed?: number;
  follow?: boolean;
  exit?: boolean;
}

/**
 * The source that the user named; otherwise Kafka when a broker or a topic is set, otherwise the demo. Throws a
 * `UserError` when the demo would write to a ClickHouse server although nobody asked for the demo.
 */
export function sourceName(
  { source }: SourceOptions,
  { origins, settings }: Pick<CommandContext, 'origins' | 'settings'>,
): string {
  if (source !== undefined) return source;
  if (origins.has('kafka.brokers') || origins.has('kafka.topics')) return 'kafka';
  if (settings.clickhouse.url !== '') {
    const place = origins.get('clickhouse.url') ?? 'clickhouse.url';
    throw new UserError(
      `start without --source runs the demo, and ${place} would put its traffic on a ClickHouse server: add --source kafka, a file, or --source demo`,
    );
  }
  return 'demo';
}

/**
 * The source `demo`, `kafka`, `-` or a file. The command waits only for Kafka. This function and `open` throw errors of
 * one line that name the source.
 */
export function neededSource(options: SourceOptions, context: CommandContext): Needed<StartSource> {
  const source = sourceName(options, context);
  if (options.speed !== undefined && source !== 'demo')
    throw new UserError(`--speed only goes with --source demo, not with ${source}`);
  if (options.follow === true && ['demo', 'kafka', '-'].includes(source))
    throw new UserError(`--follow only goes with a file, such as --source app.log, not with ${source}`);
  if (options.follow === true && options.exit === true)
    throw new UserError(
      '--exit stops at the end of the source, and with --follow a file has no end: leave one of them out',
    );
  if (source !== 'kafka') {
    const open = () => openOwnSource(source, options, context);
    return { what: source, address: 'this machine', waits: false, open, close: (own) => own.records.stop() };
  }
  const kafka = neededKafka(context);
  const open = async () => fromKafka(await kafka.open(), context);
  return { ...kafka, open, close: ({ records }) => kafka.close(records) };
}

function fromKafka(records: Source, { settings }: CommandContext): StartSource {
  return {
    name: `Kafka topic ${settings.kafka.topics.join(', ')}`,
    records,
    isDemo: false,
    isTopic: true,
    file: null,
    isHistory: false,
    limits: null,
    present: () => null,
    progress: () => null,
    unfinished: () => 0,
    damage: () => null,
    unit: () => 'record',
    farewell: '',
  };
}

async function openOwnSource(
  source: string,
  options: SourceOptions,
  context: CommandContext,
): Promise<StartSource> {
  const follow = options.follow === true;
  const run = `${context.now()}`;
  if (source === 'demo') return openDemo(options.speed, run, context);
  const lines = await openLines(source, {
    run,
    follow,
    lastLine: 'json',
    announcements: fileAnnouncements(context.settings),
    say: context.err,
  });
  const { name, source: records, unfinished, damage, unit } = lines;
  return {
    name: follow ? `${name} as it grows` : name,
    records,
    isDemo: false,
    isTopic: false,
    file: lines.isFile && !follow ? source : null,
    isHistory: !follow,
    // A followed file is live: its batches close by age, and announcements fix their boundaries.
    limits: lines.isFile && !follow ? fileLimits(context.settings) : null,
    present: follow ? () => null : (watermark) => watermark,
    progress: () => null,
    unfinished,
    damage,
    unit,
    farewell: `${name} has been read to its end; the page stays until Ctrl-C`,
  };
}

function openDemo(given: number | undefined, run: string, context: CommandContext): StartSource {
  const scenario = findScenario('demo-day');
  if (scenario === null) throw new Error('the scenario of the demo is missing');
  const demo = playDemo(scenario, {
    end: context.now(),
    speed: given ?? DEMO_SPEED,
    incidentMs: given === undefined ? DEMO_INCIDENT_MS : 0,
    seed: 'demo',
    signal: context.signal,
  });
  const records = openStreamLines('demo', run, demo.lines);
  return {
    name: 'demo: a simulated day',
    records,
    isDemo: true,
    isTopic: false,
    file: null,
    isHistory: true,
    limits: null,
    present: demo.present,
    progress: demo.progress,
    unfinished: () => 0,
    damage: () => null,
    unit: () => 'line',
    farewell: 'the day is over; the page stays until Ctrl-C',
  };
}
