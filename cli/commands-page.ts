import type { CommandSpec, OptionSpec } from './command.ts';
import { commands } from './commands.ts';

/** Text of `docs/commands.md`: every command with its flags, from the table that the program uses. */
export function commandsPage(): string {
  return [
    '# Commands',
    '',
    '`faultline COMMAND` where it is on the PATH (`export PATH="$PWD/cli:$PATH"` in the repository), otherwise `npm run -s faultline -- COMMAND` in the repository. Every command accepts `--help` and `--config FILE`.',
    '',
    '- Exit code 0: fine. 1: something was found, or something outside (a file, a broker, a server) failed. 2: wrong use. 130 or 143: a signal ended the command before it was finished.',
    '- Errors are one line on standard error; it names the key, file or host and what to do.',
    '- Standard output contains only the result, so it can be piped. `| head` and Ctrl-C end a command cleanly.',
    '- WHEN is a duration back from now (`90m`, `24h`, `7d`), `now`, an ISO-8601 time (UTC where no zone is given), or epoch seconds or milliseconds.',
    '- A flag that names a setting wins over the environment; the environment wins over the file: [settings](settings.md).',
    '',
    '| command | does |',
    '|---|---|',
    ...commands.map(({ name, summary }) => `| [${name}](#${name.replaceAll(' ', '-')}) | ${cell(summary)} |`),
    ...commands.flatMap(section),
    '',
  ].join('\n');
}

function section(spec: CommandSpec): readonly string[] {
  const shapes = (spec.arguments ?? []).map(({ name, required, variadic }) => {
    const shape = `${name.toUpperCase()}${variadic ? '…' : ''}`;
    return required ? shape : `[${shape}]`;
  });
  return [
    '',
    `## ${spec.name}`,
    '',
    `\`faultline ${[spec.name, ...shapes].join(' ')}\`: ${spec.summary}. ${spec.details}`,
    ...(spec.options.length === 0
      ? []
      : ['', '| flag | meaning |', '|---|---|', ...spec.options.map(optionRow)]),
    '',
    '```sh',
    ...spec.examples,
    '```',
  ];
}

function optionRow({ flags, description, setting, choices }: OptionSpec): string {
  const choice =
    choices === undefined || choices.every((name) => description.includes(name))
      ? ''
      : `: ${choices.join(', ')}`;
  const key = setting === undefined ? '' : ` (\`${setting}\`)`;
  return `| \`${cell(flags)}\` | ${cell(description)}${choice}${key} |`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
