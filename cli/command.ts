import type { CommandModule } from './context.ts';
import type { SettingOverride } from './settings/read-settings.ts';

/** One flag of a command. */
export interface OptionSpec {
  /** As commander reads it: `--since <when>`, `-n, --limit <n>`, `--no-open-console`. */
  flags: string;
  description: string;
  /** Dotted setting that the flag overrides; it then does not appear among the command's options. */
  setting?: string;
  /** Turns the text into the option's value; throws `UserError` naming the flag. Without it the text itself. */
  parse?: (text: string, flag: string) => unknown;
  /** May be given several times; the value is then a list. */
  repeat?: boolean;
  choices?: readonly string[];
}

export interface ArgumentSpec {
  /** Name of the option that carries it: `files`, `id`. */
  name: string;
  description: string;
  required: boolean;
  variadic: boolean;
}

/** One command as data: `cli/main.ts` registers it, `docs/commands.md` shows it. */
export interface CommandSpec {
  /** `trends`, or `dashboards build` for a command of a group. */
  name: string;
  summary: string;
  /** One paragraph for `--help`. */
  details: string;
  arguments?: readonly ArgumentSpec[];
  options: readonly OptionSpec[];
  examples: readonly string[];
  /** Given to `run` beside the flags, such as `{action: 'build'}` where one file holds a whole group. */
  fixed?: Readonly<Record<string, string>>;
  /** True when the command watches `context.signal` and ends by itself; others are ended at once by Ctrl-C. */
  graceful?: boolean;
  /** Loads the command's file, which is only read when the command runs. */
  load(): Promise<CommandModule<never>>;
}

/** One command line as the program understood it. */
export interface Invocation {
  command: CommandSpec;
  config: string | undefined;
  overrides: readonly SettingOverride[];
  options: Readonly<Record<string, unknown>>;
}
