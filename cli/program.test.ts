import { describe, expect, it } from 'vitest';
import { commands } from './commands.ts';
import { createProgram } from './program.ts';

const parse = (line: string) => createProgram().parse(line.split(' ').filter(Boolean));

describe('a command line', () => {
  it('gives the command its flags and arguments', () => {
    const { command, options, config, overrides } = parse('replay a.ndjson b.ndjson --json --config f.yaml');
    expect(command.name).toBe('replay');
    expect({ options, config, overrides }).toEqual({
      options: { files: ['a.ndjson', 'b.ndjson'], json: true },
      config: 'f.yaml',
      overrides: [],
    });
  });

  it('turns flags of settings into overrides', () => {
    expect(parse('ingest --brokers a:1,b:2 --group g --clickhouse-http 8123')).toMatchObject({
      options: { clickhouseHttp: 8123 },
      overrides: [
        { key: 'kafka.brokers', value: 'a:1,b:2', flag: '--brokers' },
        { key: 'kafka.group', value: 'g', flag: '--group' },
      ],
    });
  });

  it('collects a flag that may be repeated', () => {
    expect(parse('trends --where class=slow_down --where model=a,b --errors-only').options).toEqual({
      files: [],
      where: ['class=slow_down', 'model=a,b'],
      errorsOnly: true,
    });
  });

  it('finds the commands of a group', () => {
    expect(parse('dead-letters list --limit 3')).toMatchObject({
      command: { name: 'dead-letters list', fixed: { action: 'list' } },
      options: { limit: 3 },
    });
  });

  it.each([
    ['trendz', "unknown command 'trendz'; did you mean trends?"],
    ['nonsense', "unknown command 'nonsense'; see faultline --help"],
    ['trends --sinze 24h', "unknown option '--sinze'; did you mean --since?"],
    ['trends --nonsense', "unknown option '--nonsense'; see faultline trends --help"],
    ['trends --since', "option '--since <when>' argument missing; see faultline trends --help"],
    [
      'analyze more',
      "too many arguments for 'analyze'. Expected 0 arguments but got 1; see faultline analyze --help",
    ],
    ['trends --format xml', '--format is "xml"; use one of table, json, csv'],
    ['trends --format jsn', '--format is "jsn"; did you mean json?'],
    ['trends --limit 0', '--limit is "0": must be a whole number of at least 1'],
    ['trends --limit 1.5', '--limit is "1.5": must be a whole number of at least 1'],
    ['replay', "missing required argument 'files'; see faultline replay --help"],
    ['start --clickhouse-http 65536', '--clickhouse-http is "65536": must be a whole number from 0 to 65535'],
    ['start --speed fast', '--speed is "fast": must be a number above 0'],
    ['dashboards pusch', "unknown command 'pusch'; did you mean push?"],
  ])('`%s` is refused in one line', (line, message) => expect(() => parse(line)).toThrow(message));
});

describe('every command', () => {
  it.each(commands.map((command) => [command.name, command] as const))(
    '%s has an example that parses',
    (name, command) => {
      for (const example of command.examples) {
        const line = /faultline (?<line>[^|>]*)/.exec(example)?.groups?.['line'] ?? '';
        expect(parse(line).command.name, example).toBe(name);
      }
    },
  );
});
