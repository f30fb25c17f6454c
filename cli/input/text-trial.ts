import { Readable } from 'node:stream';
import type { TryText } from '../../dashboards/console/try.ts';
import { createTrial } from '../../ingest/tried-message.ts';
import type { CommandContext } from '../context.ts';
import { readSample } from './read-sample.ts';

/** The page tries at most this much of a pasted text. */
const LIMITS = { records: 50, bytes: 1024 * 1024 };

/** Answers "Try a record" of the page: `faultline try` for a pasted text. */
export function textTrial(context: Pick<CommandContext, 'settings' | 'now'>): TryText {
  const trial = createTrial(context.settings);
  return async (text) => {
    const sample = await readSample(null, Readable.from([Buffer.from(text)]), LIMITS);
    return {
      unit: sample.unit,
      records: sample.records.map((value) => trial(value, context.now())),
      is_cut: sample.isCut,
    };
  };
}
