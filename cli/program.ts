import { Command, CommanderError, Option } from 'commander';
import type { CommandSpec, OptionSpec } from './command.ts';
import { commands } from './commands.ts';
import { suggestion } from './did-you-mean.ts';
import { EXIT, UserError } from './errors.ts';
import type { Invocation } from './command.ts';
import type { SettingOverride } from './settings/read-settings.ts';
import { version } from './version.ts';

/** Thrown after help or the version was printed, to end the command line there. */
export class ShownHelp extends Error {
  readonly exitCode: number;
  constructor(exitCode: number) {
    super('help shown');
    this.name = 'ShownHelp';
    this.exitCode = exitCode;
  }
}

/** The grammar of the command line. `parse` returns what to run, or throws `UserError` or `ShownHelp`. */
export function createProgram(): { parse(argv: readonly string[]): Invocation } {
  let invocation: Invocation | undefined;
  const program = house(new Command('faultline'))
    .description(
      'Classify every failure of LLM APIs, count it exactly, say whose fault it is and what to do.',
    )
    .version(version(), '-V, --version', 'print the version')
    .addHelpText('after', '\nEach command has its own help with an example: faultline COMMAND --help');
  for (const spec of commands) {
    register(program, spec, (found) => {
      invocation = found;
    });
  }
  return {
    parse(argv) {
      if (argv.length === 0) {
        program.outputHelp({ error: true });
        throw new ShownHelp(EXIT.usage);
      }
      try {
        program.parse(argv, { from: 'user' });
      } catch (error) {
        throw fromCommander(error, argv);
      }
      if (invocation === undefined) throw new ShownHelp(EXIT.usage);
      return invocation;
    },
  };
}

/**
 * Sets what all commands have in common. Errors are thrown instead of printed, so that `describeError` makes one line
 * of each.
 */
function house(command: Command): Command {
  return (
    command
      .exitOverride()
      // Without this, `incidents` would take the options that follow `incidents ack`.
      .enablePositionalOptions()
      .configureOutput({ outputError: () => undefined })
      .helpOption('-h, --help', 'print this help')
      .helpCommand(false)
  );
}

function register(program: Command, spec: CommandSpec, found: (invocation: Invocation) => void): void {
  const words = spec.name.split(' ');
  const parent = words.length === 1 ? program : groupOf(program, words[0] ?? '');
  const command = house(parent.command(words.at(-1) ?? ''))
    .summary(spec.summary)
    .description(`${spec.summary}\n\n${spec.details}`)
    .addHelpText('after', `\nExample${spec.examples.length === 1 ? '' : 's'}:\n${indented(spec.examples)}`);
  for (const { name, description, required, variadic } of spec.arguments ?? []) {
    const dots = variadic ? '...' : '';
    command.argument(required ? `<${name}${dots}>` : `[${name}${dots}]`, description);
  }
  for (const option of spec.options) command.addOption(toOption(option));
  command.option('--config <file>', 'settings file (default: ./faultline.yaml when it exists)');
  command.action(() => found(toInvocation(spec, command)));
}

function groupOf(program: Command, name: string): Command {
  const existing = program.commands.find((command) => command.name() === name);
  if (existing !== undefined) return existing;
  const members = commands.filter((spec) => spec.name.startsWith(`${name} `));
  const summary = members.map((spec) => spec.name.slice(name.length + 1)).join(', ');
  return house(program.command(name)).summary(summary).description(`faultline ${name}: ${summary}`);
}

function toOption(spec: OptionSpec): Option {
  const option = new Option(spec.flags, spec.description);
  const flag = option.long ?? spec.flags;
  option.argParser((text: string, previous: unknown) => {
    const value = checked(spec, text, flag);
    return spec.repeat === true ? [...(Array.isArray(previous) ? previous : []), value] : value;
  });
  return option;
}

function checked(spec: OptionSpec, text: string, flag: string): unknown {
  if (spec.choices !== undefined && !spec.choices.includes(text)) {
    throw new UserError(`${flag} is ${JSON.stringify(text)}${suggestion(text, spec.choices)}`);
  }
  return spec.parse === undefined ? text : spec.parse(text, flag);
}

function toInvocation(spec: CommandSpec, command: Command): Invocation {
  const given = command.opts<Record<string, unknown>>();
  const options: Record<string, unknown> = {};
  const overrides: SettingOverride[] = [];
  for (const optionSpec of spec.options) {
    const option = new Option(optionSpec.flags);
    const name = option.attributeName();
    const value = given[name];
    if (value === undefined) continue;
    if (optionSpec.setting === undefined) options[name] = value;
    else overrides.push({ key: optionSpec.setting, value, flag: option.long ?? name });
  }
  for (const [i, argument] of (spec.arguments ?? []).entries()) {
    const value: unknown = command.processedArgs[i];
    if (value !== undefined) options[argument.name] = value;
  }
  const config = given['config'];
  return { command: spec, config: typeof config === 'string' ? config : undefined, overrides, options };
}

function fromCommander(error: unknown, argv: readonly string[]): unknown {
  if (!(error instanceof CommanderError)) return error;
  if (error.exitCode === 0) return new ShownHelp(EXIT.ok);
  if (error.code === 'commander.help') return new ShownHelp(EXIT.usage);
  const message = error.message
    .replace(/^error: /, '')
    .replace(/\n\(Did you mean one of (?<names>.*)\?\)$/s, '; did you mean one of $<names>?')
    .replace(/\n\(Did you mean (?<name>.*)\?\)$/s, '; did you mean $<name>?')
    .replace(/\.$/, '');
  const help = message.includes('did you mean') ? '' : `; see ${helpFor(argv)}`;
  return new UserError(`${message}${help}`);
}

/** Names the help of the longest known command that the typed words begin with. */
function helpFor(argv: readonly string[]): string {
  const known = commands
    .filter(({ name }) => name.split(' ').every((word, i) => argv[i] === word))
    .toSorted((a, b) => b.name.length - a.name.length)[0];
  const group = commands.find(({ name }) => name.startsWith(`${argv[0] ?? ''} `));
  const name = known?.name ?? (group === undefined ? undefined : argv[0]);
  return name === undefined ? 'faultline --help' : `faultline ${name} --help`;
}

function indented(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}`).join('\n');
}
