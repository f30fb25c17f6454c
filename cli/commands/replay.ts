import { type Replayed, replayRange } from '../../analyzers/replay.ts';
import { requestClassNames } from '../../domain/error-class.ts';
import type { Incident } from '../../domain/incident.ts';
import { sumReports } from '../../ingest/input-report.ts';
import type { Store } from '../../store/store.ts';
import { readTotalsByClass, readEventRange } from '../../store/queries/whole-store.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../errors.ts';
import { incidentInFull } from '../format/incidents.ts';
import { reportInput } from '../format/input-report.ts';
import { createShortageReport } from '../format/shortage.ts';
import type { OpenLines } from '../input/open-lines.ts';
import { readInputs, sayEmpty, sayUnread, unitOfAll, withFiles } from '../input/read-files.ts';

export interface ReplayFlags {
  files: string[];
  json?: boolean;
}

const nothing: Replayed = { incidents: [], left_out: 0, coarse: 0 };

/**
 * Reads files of history into a new embedded store and prints the counts and the incidents. Exit code 1 when a file has
 * no request, or could not be read to its end.
 */
export async function run(options: ReplayFlags, context: CommandContext): Promise<number> {
  return withFiles(options.files, context, (store, inputs) => replay(store, inputs, options, context));
}

async function replay(
  store: Store,
  inputs: readonly OpenLines[],
  options: ReplayFlags,
  context: CommandContext,
): Promise<number> {
  const reports = await readInputs(store, inputs, context);
  if (reports === null) return EXIT.interrupted;
  const range = await readEventRange(store);
  const { analyzers } = context.settings;
  const { incidents, ...shortage } =
    range === null ? nothing : await replayRange(store, range.from, range.to, analyzers);
  const counts = await readTotalsByClass(store);
  const input = sumReports(reports);
  if (options.json === true) context.out(JSON.stringify({ counts, incidents, input }));
  else if (input.requests > 0) printSummary(counts, incidents, range?.to, context);
  if (input.requests > 0) for (const line of reportInput(input, unitOfAll(inputs))) context.err(line);
  const short = createShortageReport(analyzers.window_mib)(shortage);
  if (short !== null) context.err(short);
  const unread = sayUnread(inputs, context);
  const empty = sayEmpty(inputs, reports, context);
  return empty || unread ? 1 : 0;
}

function printSummary(
  counts: Record<string, number>,
  incidents: readonly Incident[],
  end: number | undefined,
  context: CommandContext,
): void {
  const width = Math.max(...requestClassNames.map((name) => name.length));
  for (const name of requestClassNames) {
    const count = counts[name] ?? 0;
    if (count > 0) context.out(`${name.padEnd(width)}  ${count}`);
  }
  context.out('');
  if (incidents.length === 0) context.out('no incidents');
  // An incident that is open when the log ends lasts at least until then; the log does not show what came later.
  const now = end ?? context.now();
  const terminal = { width: context.width, color: context.color, now, log_ended: true };
  for (const incident of incidents)
    for (const line of [...incidentInFull(incident, terminal, { related: incidents }), '']) context.out(line);
}
