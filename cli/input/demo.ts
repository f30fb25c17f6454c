import { setTimeout as sleep } from 'node:timers/promises';
import { generate } from '../../simulate/generate.ts';
import { toLine } from '../../simulate/record.ts';
import type { Scenario } from '../../simulate/scenario.ts';
import { eventTimes } from './demo-pace.ts';

export interface DemoClock {
  /** The event time that the simulation has reached, epoch ms. */
  present(): number;
  /** The part of the day that is over, 0 to 1. */
  progress(): number;
}

export interface Demo extends DemoClock {
  /** The lines of the day; each block of lines comes when the simulation has reached its time. */
  lines: AsyncIterable<Buffer>;
}

const BLOCK_MS = 100;

/**
 * Plays the scenario `speed` times as fast as real time, but each incident for at least `incidentMs`. Its events end at
 * `end`: if this is the present, dashboards show them in their default range.
 */
export function playDemo(
  scenario: Scenario,
  options: { end: number; speed: number; incidentMs: number; seed: string; signal: AbortSignal },
): Demo {
  const from = options.end - scenario.duration_ms;
  const timeAfter = eventTimes(scenario.events, options);
  let began: number | null = null;
  const present = (): number => {
    if (began === null) return from;
    return Math.min(options.end, from + timeAfter(performance.now() - began));
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
