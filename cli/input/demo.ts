import { setTimeout as sleep } from 'node:timers/promises';
import { generate } from '../../simulate/generate.ts';
import { toLine } from '../../simulate/record.ts';
import type { Scenario } from '../../simulate/scenario.ts';

export interface DemoClock {
  /** The event time that the simulation has reached, epoch ms. */
  present(): number;
  /** The part of the day that is over, 0 to 1. */
  progress(): number;
}

export interface Demo extends DemoClock {
  /** The lines of the day; each block is delivered when its time is reached. */
  lines: AsyncIterable<Buffer>;
}

export interface DemoOptions {
  /** Event time of the end of the day, epoch ms. */
  end: number;
  /** Seconds of event time per second. */
  speed: number;
  /** Whether it slows down where an incident of the scenario begins. */
  slowsDown: boolean;
  seed: string;
  signal: AbortSignal;
}

const BLOCK_MS = 100;
/**
 * How long the day goes on slowly where an incident begins, ms of real time. The incident is found after the first
 * seconds of it, and fires for the other 30, in which somebody who has just opened the page can read it. The pace
 * cannot wait for the finding: at full speed, an incident may be over before the analyzers have seen it.
 */
const SLOW_MS = 36_000;
/** Seconds of event time per second: 18 minutes in `SLOW_MS`, less than the shortest incident of the demo. */
const SLOW_SPEED = 30;

/**
 * The event time that is over after so much real time; both in ms from the begin. `slowFrom`: event times where the day
 * slows down, ascending.
 */
export function demoTime(elapsed: number, speed: number, slowFrom: readonly number[]): number {
  let reached = 0;
  let left = elapsed;
  for (const begin of slowFrom) {
    const fast = Math.max(0, begin - reached) / speed;
    if (left <= fast) break;
    const slow = Math.min(left - fast, SLOW_MS);
    reached = Math.max(begin, reached) + slow * Math.min(speed, SLOW_SPEED);
    left -= fast + slow;
  }
  return reached + left * speed;
}

/**
 * Plays the scenario `speed` times faster than real time, and slowly where an incident begins. It ends at the present:
 * the events are of the last day, so that dashboards show them in their default range.
 */
export function playDemo(scenario: Scenario, options: DemoOptions): Demo {
  const from = options.end - scenario.duration_ms;
  const slowFrom = options.slowsDown
    ? scenario.events.map(({ after_ms: begin }) => begin).toSorted((a, b) => a - b)
    : [];
  let began: number | null = null;
  const present = (): number => {
    if (began === null) return from;
    return Math.min(options.end, from + demoTime(performance.now() - began, options.speed, slowFrom));
  };
  async function* lines(): AsyncGenerator<Buffer> {
    began = performance.now();
    let block: string[] = [];
    let until = from;
    for (const record of generate(scenario, { seed: options.seed, from, to: options.end })) {
      while (record.ts >= until) {
        if (block.length > 0) yield Buffer.from(block.join(''));
        block = [];
        if (options.signal.aborted) return;
        if (present() <= until) await sleep(BLOCK_MS, undefined);
        until = Math.max(until + 1, present());
      }
      block.push(`${toLine(record)}\n`);
    }
    if (block.length > 0) yield Buffer.from(block.join(''));
  }
  return { lines: lines(), present, progress: () => (present() - from) / scenario.duration_ms };
}
