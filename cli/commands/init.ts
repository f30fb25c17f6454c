import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { parseDocument } from 'yaml';
import type { CommandContext } from '../context.ts';
import { EXIT, UserError } from '../errors.ts';
import { createPainter } from '../format/color.ts';
import { planLines, settingsText } from '../format/init.ts';
import { readSample } from '../input/read-sample.ts';
import { type ReadingPlan, planFor, withField } from '../input/propose-settings.ts';
import { kafkaLog } from '../telemetry/log-events.ts';

export interface InitOptions {
  file?: string;
  topic?: string;
  set?: readonly string[];
  yes?: boolean;
  out?: string;
  force?: boolean;
}

/** Size of the sample. More records would hardly show other fields. */
const RECORDS = 500;
const BYTES = 16 * 1024 * 1024;
const TOPIC_WAIT_MS = 20_000;

/** Proposes settings for a log and writes them on request. Exit code 1 when no request would be counted with them. */
export async function run(options: InitOptions, context: CommandContext): Promise<number> {
  const out = options.out ?? 'faultline.yaml';
  const isThere = existsSync(out);
  if (options.yes === true && isThere && options.force !== true) throw isThereError(out);
  const { name, values } = await sampleOf(options, context);
  if (values.length === 0) throw new UserError(`${name} is empty: there is nothing to examine`, EXIT.found);
  let plan = planFor(values, context);
  for (const change of options.set ?? []) plan = withField(plan, change, values, context);
  const show = (): void => {
    const terminal = { width: context.width, paint: createPainter(context.color) };
    for (const line of planLines(plan, name, terminal)) context.out(line);
  };
  show();
  const isAsked = options.yes !== true && context.isTty && context.stdin.isTTY && options.file !== '-';
  if (isAsked) {
    const answer = await ask(plan, values, context, (changed) => {
      plan = changed;
      show();
    });
    if (!answer) return EXIT.ok;
    if (existsSync(out) && options.force !== true) throw isThereError(out);
  }
  const counts = plan.tried.some(({ records }) => records.some(({ requests }) => requests.length > 0));
  const text = settingsText(plan, options.topic ?? null);
  if (!isAsked && options.yes !== true) {
    context.out(`\n${text.trimEnd()}`);
    context.err(`nothing is written: --yes writes this to ${out}`);
    return counts ? EXIT.ok : EXIT.found;
  }
  if (plan.fault !== null)
    throw new UserError(
      `${out} is not written, because no record can be read with these settings: ${plan.fault}; set the path of the field with --set`,
      EXIT.found,
    );
  await write(out, text);
  context.err(`${out} is written; next: ${nextCommand(options, out)}`);
  return counts ? EXIT.ok : EXIT.found;
}

async function sampleOf(
  { file, topic }: InitOptions,
  context: CommandContext,
): Promise<{ name: string; values: (Buffer | null)[] }> {
  if (topic !== undefined) {
    if (file !== undefined) throw new UserError('name a file or --topic, not both');
    const { sampleTopic } = await import('../../ingest/sources/kafka.ts');
    const group = `${context.settings.kafka.group}-init-${context.now()}`;
    const how = { most: RECORDS, waitMs: TOPIC_WAIT_MS, group };
    return {
      name: topic,
      values: await sampleTopic(context.settings.kafka, topic, how, kafkaLog(context.logger)),
    };
  }
  const isStream = file === undefined || file === '-';
  if (isStream && context.stdin.isTTY) throw new UserError('name a log or --topic: faultline init app.log');
  const sample = await readSample(isStream ? null : file, context.stdin, { records: RECORDS, bytes: BYTES });
  if (sample.damage !== null)
    context.err(`${sample.name} ${sample.damage}: everything before that is examined`);
  return { name: sample.name, values: sample.records };
}

/** Asks until the user accepts the plan (true) or gives up (false). `changed` receives each changed plan. */
async function ask(
  first: ReadingPlan,
  values: readonly (Buffer | null)[],
  context: CommandContext,
  changed: (plan: ReadingPlan) => void,
): Promise<boolean> {
  const terminal = createInterface({ input: context.stdin, output: context.stderr });
  let plan = first;
  try {
    for (;;) {
      const question =
        '\nEnter writes the settings; client=$.team changes a field, client= leaves it out; q ends: ';
      const answer = (await terminal.question(question, { signal: context.signal })).trim();
      if (answer === '' || answer === 'y' || answer === 'yes') return true;
      if (answer === 'q' || answer === 'n' || answer === 'no') return false;
      try {
        plan = withField(plan, answer, values, context);
        changed(plan);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        context.err(error.message);
      }
    }
  } catch (error) {
    // Ctrl-C, or the end of the input.
    if (context.signal.aborted || (error instanceof Error && error.name === 'AbortError')) return false;
    throw error;
  } finally {
    terminal.close();
  }
}

/** Writes the settings; an existing file keeps its other settings. */
async function write(out: string, text: string): Promise<void> {
  if (!existsSync(out)) return writeFile(out, text, { flag: 'wx' });
  const before = parseDocument(await readFile(out, 'utf8'));
  if (before.errors.length > 0)
    throw new UserError(`${out} is not YAML: correct it, or name another file with --out`);
  const settings = parseDocument(text);
  before.delete('mapping');
  for (const key of ['kafka', 'format', 'mapping']) {
    const value: unknown = settings.toJS()[key];
    if (value === undefined) continue;
    if (key === 'kafka') before.setIn(['kafka', 'topics'], settings.getIn(['kafka', 'topics']));
    else before.set(key, settings.get(key));
  }
  await writeFile(out, before.toString({ lineWidth: 110 }));
}

function isThereError(out: string): UserError {
  return new UserError(
    `${out} exists and is not changed: --force writes format and mapping into it, --out names another file`,
  );
}

function nextCommand({ file, topic }: InitOptions, out: string): string {
  const config = out === 'faultline.yaml' ? '' : ` --config ${out}`;
  if (topic !== undefined) return `faultline start --source kafka${config}`;
  return `faultline replay ${file ?? '-'}${config}`;
}
