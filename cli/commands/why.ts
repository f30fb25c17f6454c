import { type AnalyzerSettings, type Detector } from '../../analyzers/detector.ts';
import { detectors } from '../../analyzers/kinds/kinds.ts';
import { replayRange } from '../../analyzers/replay.ts';
import { pendingAt, whyAt } from '../../analyzers/why.ts';
import { incidentKindNames } from '../../domain/incident-kind.ts';
import type { Scope } from '../../domain/incident.ts';
import { settingsSchema } from '../../domain/settings.ts';
import { readSettingsAt } from '../../store/queries/incident-versions.ts';
import { readEventRange } from '../../store/queries/whole-store.ts';
import type { Store } from '../../store/store.ts';
import type { CommandContext } from '../context.ts';
import { suggestion } from '../did-you-mean.ts';
import { EXIT, UserError } from '../errors.ts';
import { whyAsJson, whyInFull } from '../format/why.ts';
import { readInputs, sayEmpty, sayUnread, withFiles } from '../input/read-files.ts';
import { openReader } from '../needs/open-reader.ts';
import { parseScope } from '../options/scope.ts';
import { parseWhen } from '../options/when.ts';

export interface WhyOptions {
  files?: string[];
  kind?: string;
  where?: readonly string[];
  at?: string;
  json?: boolean;
}

interface Asked {
  detector: Detector;
  scope: Scope;
  /** Epoch seconds; null: the last evaluation. */
  at: number | null;
}

/** Shows why a kind fired, or did not, for a scope at a time; exit code 1 when it was over its threshold. */
export async function run(options: WhyOptions, context: CommandContext): Promise<number> {
  const asked = parse(options, context.now());
  const files = options.files ?? [];
  if (files.length === 0) {
    const store = await openReader(context);
    try {
      return await answer(store, asked, options, context);
    } finally {
      await store.close();
    }
  }
  return withFiles(files, context, async (store, inputs) => {
    const reports = await readInputs(store, inputs, context);
    if (reports === null) return EXIT.interrupted;
    if (sayEmpty(inputs, reports, context)) return EXIT.usage;
    const range = await readEventRange(store);
    if (range !== null) await replayRange(store, range.from, range.to, context.settings.analyzers);
    sayUnread(inputs, context);
    const until = range === null ? null : range.to / 1000;
    return answer(store, { ...asked, at: asked.at ?? until }, options, context);
  });
}

function parse({ kind = '', where, at }: WhyOptions, now: number): Asked {
  const detector = detectors.find((one) => one.kind === kind);
  if (kind === 'pipeline')
    throw new UserError(
      '--kind pipeline is judged by the reports of the workers, not by counts: faultline incidents --kind pipeline shows what was found',
    );
  if (detector === undefined)
    throw new UserError(
      kind === ''
        ? `--kind is missing; it is one of ${incidentKindNames.join(', ')}`
        : `--kind is ${JSON.stringify(kind)}${suggestion(kind, incidentKindNames)}`,
    );
  return {
    detector,
    scope: parseScope(where),
    at: at === undefined ? null : parseWhen(at, '--at', now) / 1000,
  };
}

async function answer(
  store: Store,
  asked: Asked,
  options: WhyOptions,
  context: CommandContext,
): Promise<number> {
  const isFile = (options.files ?? []).length > 0;
  const now = isFile ? null : context.now() / 1000;
  const at = asked.at ?? context.now() / 1000 - context.settings.analyzers.settle_seconds;
  const { settings, since } = await settingsAt(store, at, context.settings.analyzers);
  const { detector, scope } = asked;
  const why = await whyAt(store, detector, settings, { scope, at, now });
  const pending = await pendingAt(store, detector, { scope, at: why.evaluated_at });
  const found = { kind: detector.kind, scope, at, settings_since: since, pending, why };
  if (options.json === true) context.out(JSON.stringify(whyAsJson(found), null, 2));
  else for (const line of whyInFull(found, { ...context, now: context.now() })) context.out(line);
  return why.answers.some(({ reason }) => reason === 'above') ? EXIT.found : EXIT.ok;
}

/** The settings at that time, if an analyzer stored them; with a null `since` they are the present ones. */
async function settingsAt(
  store: Store,
  at: number,
  present: AnalyzerSettings,
): Promise<{ settings: AnalyzerSettings; since: number | null }> {
  const noted = await readSettingsAt(store, at);
  if (noted === null) return { settings: present, since: null };
  const read = settingsSchema.shape.analyzers.safeParse(JSON.parse(noted.settings));
  // Another version of faultline may have stored them, and its settings may differ.
  return read.success ? { settings: read.data, since: noted.since } : { settings: present, since: null };
}
