import type { CommandModule } from './context.ts';
import type { SettingOverride } from './settings/read-settings.ts';

/** One flag of a command. */
export interface OptionSpec {
  /** In the notation of commander: `--since <when>`, `-n, --limit <n>`, `--no-open-console`. */
  flags: string;
  description: string;
  /** The dotted setting that the flag overrides; such a flag is not among the command's options. */
  setting?: string;
  /** Converts the text to the option's value; throws `UserError` naming the flag. Absent: the value is the text. */
  parse?: (text: string, flag: string) => unknown;
  /** The flag may be given several times; the value is then a list. */
  repeat?: boolean;
  choices?: readonly string[];
}

export interface ArgumentSpec {
  /** Name of the option that holds its value: `files`, `id`. */
  name: string;
  description: string;
  required: boolean;
  variadic: boolean;
}

/** A command as data: `cli/program.ts` registers it, and `docs/commands.md` describes it. */
export interface CommandSpec {
  /** `trends`, or `dashboards build` for a command of a group. */
  name: string;
  summary: string;
  /** One paragraph for `--help`. */
  details: string;
  arguments?: readonly ArgumentSpec[];
  options: readonly OptionSpec[];
  examples: readonly string[];
  /** Options that `run` gets in addition to the flags, such as `{action: 'build'}` when one file has a whole group. */
  fixed?: Readonly<Record<string, string>>;
  /** True when the command watches `context.signal` and ends by itself; Ctrl-C ends other commands at once. */
  graceful?: boolean;
  /** Loads the command's file, which is read only when the command runs. */
  load(): Promise<CommandModule<never>>;
}

/** A command line after parsing. */
export interface Invocation {
  command: CommandSpec;
  config: string | undefined;
  overrides: readonly SettingOverride[];
  options: Readonly<Record<string, unknown>>;
}
