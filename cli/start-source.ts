import type { Limits } from '../ingest/gather.ts';
import { openFileLines, openStreamLines } from '../ingest/sources/lines.ts';
import type { Source } from '../ingest/sources/source.ts';
import { findScenario } from '../simulate/scenarios.ts';
import type { CommandContext } from './context.ts';
import { playDemo } from './demo.ts';
import { UserError } from './errors.ts';
import { neededKafka } from './needs.ts';
import { fileLimits } from './pipeline.ts';
import { relayStdin } from './relay-stdin.ts';
import type { Needed } from './wait-until-there.ts';

/** Where `start` reads, and what time it is there. */
export interface StartSource {
  /** For people. */
  name: string;
  records: Source;
  isDemo: boolean;
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

/** `demo`, `kafka`, `-` or a file; only Kafka is waited for. Throws, and opening throws, one-line errors that name it. */
export function neededSource(
  options: { source?: string; speed?: number },
  context: CommandContext,
): Needed<StartSource> {
  const source = options.source ?? 'demo';
  if (options.speed !== undefined && source !== 'demo')
    throw new UserError(`--speed only goes with --source demo, not with ${source}`);
  if (source !== 'kafka') {
    const open = () => openOwnSource(source, options.speed ?? DEMO_SPEED, context);
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
    isHistory: false,
    limits: null,
    present: () => null,
    progress: () => null,
    farewell: '',
  };
}

async function openOwnSource(source: string, speed: number, context: CommandContext): Promise<StartSource> {
  const run = `${context.now()}`;
  switch (source) {
    case 'demo':
      return openDemo(speed, run, context);
    case '-': {
      const records = openStreamLines('stdin', run, relayStdin());
      return history(
        'standard input',
        records,
        null,
        'standard input has ended; the page stays until Ctrl-C',
      );
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

function history(name: string, records: Source, limits: Limits | null, farewell: string): StartSource {
  const present = (watermark: number | null): number | null => watermark;
  return { name, records, isDemo: false, isHistory: true, limits, present, progress: () => null, farewell };
}

function openDemo(speed: number, run: string, context: CommandContext): StartSource {
  const scenario = findScenario('demo-day');
  if (scenario === null) throw new Error('the scenario of the demo is missing');
  const demo = playDemo(scenario, { end: context.now(), speed, seed: 'demo', signal: context.signal });
  return {
    name: 'demo: a simulated day',
    records: openStreamLines('demo', run, demo.lines),
    isDemo: true,
    isHistory: true,
    limits: null,
    present: demo.present,
    progress: demo.progress,
    farewell: 'the day is over; the page stays until Ctrl-C',
  };
}
