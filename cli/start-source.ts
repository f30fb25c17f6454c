import type { Limits } from '../ingest/gather.ts';
import { openKafka } from '../ingest/sources/kafka.ts';
import { type LineSource, openFileLines, openStreamLines } from '../ingest/sources/lines.ts';
import type { Source } from '../ingest/sources/source.ts';
import { findScenario } from '../simulate/scenarios.ts';
import type { CommandContext } from './context.ts';
import { playDemo } from './demo.ts';
import { UserError } from './errors.ts';
import { kafkaLog } from './log-events.ts';
import { fileLimits } from './pipeline.ts';
import { relayStdin } from './relay-stdin.ts';

/** Where `start` reads, and what time it is there. */
export interface StartSource {
  /** For people. */
  name: string;
  records: Source;
  /** The topic under which a history is counted; empty: those of Kafka. */
  topic: string;
  isDemo: boolean;
  /** The file that is read; null where it is none. */
  file: string | null;
  /** True when event time is the records' own and not the clock's. */
  isHistory: boolean;
  /** Null: those of the settings. */
  limits: Limits | null;
  /** Event time that counts as now, epoch ms. */
  present(watermark: number | null): number | null;
  /** 0 to 1; null where there is no end. */
  progress(): number | null;
  /** What is said when it has ended and the page stays. */
  farewell: string;
}

/** A day in two and a half minutes. */
const DEMO_SPEED = 576;

/** Opens `demo`, `kafka`, `-` or a file. Throws one-line errors that name it. */
export async function openStartSource(
  options: { source?: string; speed?: number },
  context: CommandContext,
): Promise<StartSource> {
  const source = options.source ?? 'demo';
  if (options.speed !== undefined && source !== 'demo')
    throw new UserError(`--speed only goes with --source demo, not with ${source}`);
  const run = `${context.now()}`;
  switch (source) {
    case 'demo':
      return openDemo(options.speed ?? DEMO_SPEED, run, context);
    case 'kafka': {
      const records = await openKafka(context.settings.kafka, kafkaLog(context.logger));
      const name = `Kafka topic ${context.settings.kafka.topics.join(', ')}`;
      return {
        name,
        records,
        topic: '',
        isDemo: false,
        file: null,
        isHistory: false,
        limits: null,
        present: () => null,
        progress: () => null,
        farewell: '',
      };
    }
    case '-': {
      const records = openStreamLines('stdin', run, relayStdin());
      const farewell = 'standard input has ended; the page stays until Ctrl-C';
      return { ...history('standard input', records, null, farewell), file: null };
    }
    default: {
      const records = await openFileLines(source);
      return history(
        source,
        records,
        fileLimits(context.settings),
        `${source} has been read; the page stays until Ctrl-C`,
      );
    }
  }
}

function history(name: string, records: LineSource, limits: Limits | null, farewell: string): StartSource {
  const present = (watermark: number | null): number | null => watermark;
  return {
    name,
    records,
    topic: records.topic,
    isDemo: false,
    file: name,
    isHistory: true,
    limits,
    present,
    progress: () => null,
    farewell,
  };
}

function openDemo(speed: number, run: string, context: CommandContext): StartSource {
  const scenario = findScenario('demo-day');
  if (scenario === null) throw new Error('the scenario of the demo is missing');
  const demo = playDemo(scenario, { end: context.now(), speed, seed: 'demo', signal: context.signal });
  const records = openStreamLines('demo', run, demo.lines);
  return {
    name: 'demo: a simulated day',
    records,
    topic: records.topic,
    isDemo: true,
    file: null,
    isHistory: true,
    limits: null,
    present: demo.present,
    progress: demo.progress,
    farewell: 'the day is over; the page stays until Ctrl-C',
  };
}
