import type { ArgumentSpec, CommandSpec, OptionSpec } from './command.ts';
import { count, natural, port, positive, wait } from './options/option-values.ts';

const outputFormat: OptionSpec = {
  flags: '--format <format>',
  description: 'table (for people), json or csv',
  choices: ['table', 'json', 'csv'],
};
const json: OptionSpec = { flags: '--json', description: 'print one JSON document instead of text' };
const clickhouseHttp: OptionSpec = {
  flags: '--clickhouse-http <port>',
  description: 'serve the embedded ClickHouse on this loopback port, for Grafana, curl and other processes',
  parse: port,
};
const waitOption: OptionSpec = {
  flags: '--wait <duration>',
  description: 'how long to wait for Kafka and ClickHouse at the start, 0 for not at all (default: 60s)',
  parse: wait,
};
const storeOptions: readonly OptionSpec[] = [
  {
    flags: '--clickhouse-url <url>',
    description: 'ClickHouse server to use instead of the embedded engine',
    setting: 'clickhouse.url',
  },
  { flags: '--data <dir>', description: 'data directory of the embedded engine', setting: 'clickhouse.path' },
];
const signature: readonly OptionSpec[] = [
  { flags: '--by <name>', description: 'author (default: the user of this machine)' },
  { flags: '--note <text>', description: 'reason, for other readers' },
];
const kafkaOptions: readonly OptionSpec[] = [
  {
    flags: '--brokers <list>',
    description: 'Kafka brokers, comma-separated host:port',
    setting: 'kafka.brokers',
  },
  { flags: '--topics <list>', description: 'topics, comma-separated', setting: 'kafka.topics' },
];
const grafanaOptions: readonly OptionSpec[] = [
  { flags: '--grafana-url <url>', description: 'address of Grafana', setting: 'grafana.url' },
];
const recordFormat: OptionSpec = {
  flags: '--format <format>',
  description: 'format of the records: auto, native, mapped or another of docs/formats',
  setting: 'format',
};
const files: ArgumentSpec = {
  name: 'files',
  description: 'logs: JSON or CSV, also compressed; - for standard input',
  required: true,
  variadic: true,
};

/** Every command of the program, in the order of `faultline --help`. */
export const commands: readonly CommandSpec[] = [
  {
    name: 'start',
    summary: 'run everything in one process: ingest, analyzers, console, embedded ClickHouse',
    details:
      'Without --source it reads Kafka when kafka.brokers or kafka.topics is set, and otherwise runs the demo: a day of simulated traffic in a few minutes, with two incidents in it. The page is on http://127.0.0.1:7070.',
    options: [
      {
        flags: '--source <source>',
        description: 'demo, kafka, a file (JSON or CSV, also compressed), or - for standard input',
      },
      { flags: '--port <port>', description: 'port of the page', setting: 'console.port' },
      { flags: '--no-open-console', description: 'do not serve the page' },
      {
        flags: '--speed <factor>',
        description:
          'how many times as fast as real time the demo runs (default: 576, and slower during incidents)',
        parse: positive,
      },
      { flags: '--exit', description: 'end when the source has ended' },
      waitOption,
      {
        flags: '--follow',
        description:
          'continue to read the file while it grows, as tail -F does, through rotation and truncation',
      },
      recordFormat,
      clickhouseHttp,
      ...kafkaOptions,
      ...storeOptions,
    ],
    examples: [
      'faultline start',
      'faultline start --source my-logs.ndjson',
      'faultline start --source /var/log/app/llm.ndjson --follow',
    ],
    graceful: true,
    load: () => import('./commands/start.ts'),
  },
  {
    name: 'ingest',
    summary: 'run a worker: Kafka in, exact counts in ClickHouse out',
    details:
      'Workers of one group share the partitions of the topics. Counts stay exact through crashes and rebalances; faultline reconcile proves it.',
    options: [
      ...kafkaOptions,
      { flags: '--group <name>', description: 'consumer group', setting: 'kafka.group' },
      waitOption,
      recordFormat,
      clickhouseHttp,
      ...storeOptions,
    ],
    examples: ['faultline ingest --brokers kafka-1:9092,kafka-2:9092 --topics llm-requests'],
    graceful: true,
    load: () => import('./commands/ingest.ts'),
  },
  {
    name: 'clickhouse',
    summary: 'serve the embedded ClickHouse alone, for workers and tools in other processes',
    details:
      "Speaks ClickHouse's HTTP interface on 127.0.0.1. Anyone on this machine may read; writing needs the token as password.",
    options: [
      {
        flags: '--port <port>',
        description: 'loopback port, 0 for any free one (default: 8123)',
        parse: port,
      },
      {
        flags: '--data <dir>',
        description: 'data directory of the embedded engine',
        setting: 'clickhouse.path',
      },
      {
        flags: '--token <token>',
        description:
          'password that allows writing; set FAULTLINE_CLICKHOUSE_HTTP_TOKEN instead to hide it from other users',
        setting: 'clickhouse.http_token',
      },
    ],
    examples: ['faultline clickhouse --port 8123 --data ./data'],
    graceful: true,
    load: () => import('./commands/clickhouse.ts'),
  },
  {
    name: 'analyze',
    summary: 'run the analyzers: counts in, incidents out',
    details:
      'Evaluates every few seconds until it is stopped. With --once it evaluates once, and does not wait for ClickHouse unless --wait is given. Serves /metrics, /healthz and /readyz on metrics.port, except with --once.',
    options: [
      { flags: '--once', description: 'evaluate once and end' },
      { flags: '--now <time>', description: 'evaluate as of this time (ISO-8601 or epoch)' },
      waitOption,
      ...storeOptions,
    ],
    examples: ['faultline analyze', 'faultline analyze --once --now 2026-03-01T03:00:00Z'],
    graceful: true,
    load: () => import('./commands/analyze.ts'),
  },
  {
    name: 'replay',
    summary: 'count historical files and find their incidents, in event time, with the code of start',
    details:
      'Uses a fresh embedded store and prints the counts by class, the incidents, and how many lines were counted, skipped or dead. Exit code 1 when a file holds no request or is truncated.',
    arguments: [files],
    options: [json, recordFormat],
    examples: ['faultline replay march.ndjson', 'faultline replay march.ndjson --json | jq .incidents'],
    graceful: true,
    load: () => import('./commands/replay.ts'),
  },
  {
    name: 'init',
    summary: 'examine a log and write the settings to read it',
    details:
      'Recognises the format of a sample, or proposes a mapping from the names and values of its fields, and shows what would be counted and what is missing. On a terminal it asks before it writes the file; elsewhere it writes the file only with --yes. An existing file changes only with --force, which keeps its other settings.',
    arguments: [
      {
        name: 'file',
        description: 'a log, as replay reads them; none or - for standard input',
        required: false,
        variadic: false,
      },
    ],
    options: [
      {
        flags: '--topic <name>',
        description: 'examine the newest records of this Kafka topic instead of a file',
      },
      {
        flags: '--brokers <list>',
        description: 'Kafka brokers, comma-separated host:port',
        setting: 'kafka.brokers',
      },
      {
        flags: '--set <field=path>',
        description:
          'path of a field, such as client=$.team; an empty path leaves the field out; may be repeated',
        repeat: true,
      },
      { flags: '--yes', description: 'write without asking' },
      { flags: '--out <file>', description: 'the settings file (default: faultline.yaml)' },
      { flags: '--force', description: 'write into an existing file' },
    ],
    examples: [
      'faultline init app.log',
      'faultline init app.log --set client=$.team --yes',
      'faultline init --topic llm-requests',
    ],
    load: () => import('./commands/init.ts'),
  },
  {
    name: 'try',
    summary: 'show how records are read: format, fields and their origin, class, rule, remedy',
    details:
      'Reads records as a worker does. For each it shows the recognised format, every field with its path, the class, the rule that gave the class, what to do, and which fields were ignored; or why it is skipped or a dead letter. Of more than 20 records it shows the first of each kind. Exit code 1 when one is a dead letter.',
    arguments: [
      {
        name: 'file',
        description: 'a log, as replay reads them; none or - for standard input',
        required: false,
        variadic: false,
      },
    ],
    options: [
      json,
      { flags: '--limit <n>', description: 'number of records to read (default: 1000)', parse: count },
      recordFormat,
    ],
    examples: ['faultline try app.log', `echo '{"ts":1780315200,"status":429}' | faultline try`],
    load: () => import('./commands/try.ts'),
  },
  {
    name: 'classify',
    summary: 'classify errors from standard input, one JSON object a line',
    details:
      'Reads {id?, provider?, status?, body?|error?, headers?, exception?, client?} and writes {id, class, rule, retry, fault, subclass}, in order.',
    options: [],
    examples: [`echo '{"status":429,"body":"insufficient_quota"}' | faultline classify`],
    graceful: true,
    load: () => import('./commands/classify.ts'),
  },
  {
    name: 'trends',
    summary: 'query error trends',
    details:
      'Shows errors and their share of all requests by class (or any other dimension), compared with the time of equal length before. With FILES it reads them as replay does and shows their whole time; without FILES it asks the store. WHEN is a duration back from now (90m, 24h, 7d), an ISO-8601 time, or epoch seconds.',
    arguments: [{ ...files, required: false }],
    options: [
      { flags: '--by <dimensions>', description: 'group by these, comma-separated (default: class)' },
      { flags: '--since <when>', description: 'start of the range (default: 24h)' },
      { flags: '--until <when>', description: 'end of the range (default: now)' },
      { flags: '--step <duration>', description: 'length of one step, such as 5m (default: about 50 steps)' },
      {
        flags: '--where <dimension=value>',
        description: 'keep what matches; != negates, a comma means "or"; may be repeated',
        repeat: true,
      },
      { flags: '--errors-only', description: 'leave out groups without an error' },
      {
        flags: '--limit <n>',
        description: 'largest number of groups (default: 30 in a table, otherwise 10000)',
        parse: count,
      },
      outputFormat,
      ...storeOptions,
    ],
    examples: [
      'faultline trends --by class,model --since 24h',
      'faultline trends app.log',
      'faultline trends --by client --where class=rate_limit,slow_down --since 7d --step 1h --format csv',
    ],
    load: () => import('./commands/trends.ts'),
  },
  {
    name: 'explain',
    summary: 'find the part of the traffic that explains why more requests fail than usual',
    details:
      'Ranks parts of the traffic, of up to three dimensions, by how well they explain the failures beyond the usual rate; exit code 1 when something differs. With FILES it reads them as replay does; without FILES it asks the store. Without --from and --to it takes the 15 minutes of the files with the most failures beyond the usual, or the last complete 15 minutes of the store. See docs/explain.md.',
    arguments: [{ ...files, required: false }],
    options: [
      { flags: '--from <when>', description: 'start of the time to explain: 24h, ISO-8601 time' },
      { flags: '--to <when>', description: 'end of the time to explain (default: the end of the counts)' },
      {
        flags: '--against <from..to>',
        description: 'time to compare with (default: the same length before it, at least an hour)',
      },
      { flags: '--class <classes>', description: 'failures of these classes only, comma-separated' },
      {
        flags: '--by <dimensions>',
        description: 'dimensions to examine, comma-separated (default: all whose counts are still kept)',
      },
      {
        flags: '--where <dimension=value>',
        description: 'keep what matches; != negates, a comma means "or"; may be repeated',
        repeat: true,
      },
      { flags: '--limit <n>', description: 'largest number of scopes (default: 10)', parse: count },
      json,
      recordFormat,
      ...storeOptions,
    ],
    examples: [
      'faultline explain march.ndjson',
      'faultline explain --from 2026-03-01T03:00:00Z --to 2026-03-01T03:10:00Z --class rate_limit',
    ],
    graceful: true,
    load: () => import('./commands/explain.ts'),
  },
  {
    name: 'why',
    summary: 'explain why a kind of incident fired, or did not, for a scope at a time',
    details:
      'Judges the kind again by the counts of that time, with the settings of that time if an analyzer stored them, and prints the numbers, the thresholds and the outcome. With FILES it reads them as replay does. It works for as long as counts per 10 s are kept.',
    arguments: [{ ...files, required: false }],
    options: [
      { flags: '--kind <kind>', description: 'kind of incident, such as slow_down_surge' },
      {
        flags: '--where <dimension=value>',
        description: 'value of the scope, such as client=web; may be repeated (default: everything)',
        repeat: true,
      },
      { flags: '--at <when>', description: 'the time: 2h, ISO-8601 time (default: the last evaluation)' },
      json,
      recordFormat,
      ...storeOptions,
    ],
    examples: [
      'faultline why --kind rate_limit_surge --where client=web --at 2026-03-01T03:05:00Z',
      'faultline why march.ndjson --kind error_surge --where org=acme --at 2026-03-01T03:05:00Z --json',
    ],
    graceful: true,
    load: () => import('./commands/why.ts'),
  },
  {
    name: 'top',
    summary: 'show a live view in the terminal: rates by class, and open incidents with what to do',
    details:
      'Without SOURCE it shows a running console, or the store if no console runs. With SOURCE it reads and shows that source: a file, kafka, demo, or - for standard input. Keys: up and down choose an incident, Enter opens it, b groups the rates by the next dimension, q ends.',
    arguments: [{ name: 'source', description: 'what to read and show', required: false, variadic: false }],
    options: [
      { flags: '--url <url>', description: 'console to ask (default: the one in the settings)' },
      {
        flags: '--by <dimension>',
        description: 'dimension that groups the rates (default: class)',
        choices: ['class', 'provider', 'org', 'project', 'client', 'model'],
      },
      { flags: '--once', description: 'print one view and end; the default without a terminal' },
      recordFormat,
      ...kafkaOptions,
      ...storeOptions,
    ],
    examples: [
      'faultline top',
      'faultline top kafka --brokers localhost:9092',
      'faultline top my-logs.ndjson',
    ],
    graceful: true,
    load: () => import('./commands/top.ts'),
  },
  {
    name: 'incidents',
    summary: 'list incidents, or show one with verdict, evidence and remedy',
    details:
      'Without an ID it lists open incidents and then the others, the newest first. The ID may be shortened as long as it is unique.',
    arguments: [{ name: 'id', description: 'incident to show in full', required: false, variadic: false }],
    options: [
      { flags: '--state <states>', description: 'pending, firing, resolved; comma-separated' },
      { flags: '--kind <kinds>', description: 'such as slow_down_surge; comma-separated' },
      {
        flags: '--since <when>',
        description: 'only incidents that were open after this time: 24h, 7d, ISO-8601 time',
      },
      { flags: '--limit <n>', description: 'largest number of incidents (default: 100)', parse: count },
      {
        flags: '--timeline',
        description: 'the events of the incident: what changed and when, with the numbers, and who was told',
      },
      json,
      outputFormat,
      ...storeOptions,
    ],
    examples: [
      'faultline incidents --state firing',
      'faultline incidents 3fa9c1 --json',
      'faultline incidents 3fa9c1 --timeline',
    ],
    load: () => import('./commands/incidents.ts'),
  },
  {
    name: 'incidents ack',
    summary: 'take over an incident: messages about it are not repeated',
    details:
      'Receivers still get a message when it gets worse, ends or opens again. The ID may be shortened as long as it is unique.',
    arguments: [{ name: 'id', description: 'incident', required: true, variadic: false }],
    options: [
      { flags: '--undo', description: 'withdraw the acknowledgement' },
      ...signature,
      ...storeOptions,
    ],
    examples: ['faultline incidents ack 3fa9c1 --note raising-the-limit'],
    load: () => import('./commands/incidents-ack.ts'),
  },
  {
    name: 'mcp',
    summary:
      'serve tools for agents over the Model Context Protocol: incidents, trends, explain, classify, runbooks',
    details:
      'Speaks the protocol on standard input and output; the tools only read. Register it with the agent, which starts it. When another faultline uses the data directory, the console of that one answers.',
    options: [...storeOptions],
    examples: ['faultline mcp', 'faultline mcp --clickhouse-url http://127.0.0.1:8123'],
    graceful: true,
    load: () => import('./commands/mcp.ts'),
  },
  {
    name: 'silence add',
    summary: 'send no messages about some incidents for a time, or plan a maintenance window',
    details:
      'Incidents are still found and shown. Afterwards receivers get messages about those that still fire. With --from it is a maintenance window. See docs/notifications.md.',
    options: [
      { flags: '--kind <kinds>', description: 'such as slow_down_surge; comma-separated (default: all)' },
      {
        flags: '--where <dimension=value>',
        description: 'value of the scope, such as org=acme; may be repeated (default: every scope)',
        repeat: true,
      },
      { flags: '--all', description: 'needed for a silence without --kind and --where' },
      { flags: '--for <duration>', description: 'how long: 30m, 2h, 1d' },
      { flags: '--until <time>', description: 'end, instead of --for: ISO-8601 time' },
      { flags: '--from <time>', description: 'start of a maintenance window: ISO-8601 time (default: now)' },
      {
        flags: '--every <duration>',
        description: 'time from the start of one window to the start of the next: 1d, 7d',
      },
      ...signature,
      ...storeOptions,
    ],
    examples: [
      'faultline silence add --kind slow_down_surge --where org=acme --for 2h',
      'faultline silence add --where project=batch --from 2026-03-01T02:00:00Z --for 3h --every 7d --note weekly-load',
    ],
    fixed: { action: 'add' },
    load: () => import('./commands/silence.ts'),
  },
  {
    name: 'silence list',
    summary: 'list present and future silences and maintenance windows',
    details: 'With --json it also lists those that are over.',
    options: [json, ...storeOptions],
    examples: ['faultline silence list'],
    fixed: { action: 'list' },
    load: () => import('./commands/silence.ts'),
  },
  {
    name: 'silence end',
    summary: 'end a silence or a maintenance window now',
    details:
      'Receivers get messages about the incidents that still fire. The ID may be shortened as long as it is unique.',
    arguments: [{ name: 'id', description: 'silence', required: true, variadic: false }],
    options: [...storeOptions],
    examples: ['faultline silence end 7be2'],
    fixed: { action: 'end' },
    load: () => import('./commands/silence.ts'),
  },
  {
    name: 'notify test',
    summary: 'send a sample to the receivers of notify.receivers, and show their answers',
    details:
      'Sends the start and then the end of an incident that is marked as a test. Exit code 1 when a receiver does not accept them.',
    arguments: [
      { name: 'receiver', description: 'only this one (default: all)', required: false, variadic: false },
    ],
    options: [json],
    examples: ['faultline notify test', 'faultline notify test ops-chat'],
    fixed: { action: 'test' },
    graceful: true,
    load: () => import('./commands/notify.ts'),
  },
  {
    name: 'notify log',
    summary: 'show what was sent, to whom, and what they answered',
    details:
      'Lists the newest first. A message that failed is sent again; a message that was given up or not sent is shown with the reason.',
    options: [
      { flags: '--receiver <name>', description: 'only to this one' },
      { flags: '--since <when>', description: 'only since then: 24h, 7d, ISO-8601 time (default: 7d)' },
      { flags: '--limit <n>', description: 'largest number of messages (default: 50)', parse: count },
      json,
      ...storeOptions,
    ],
    examples: ['faultline notify log --receiver pager --since 24h'],
    fixed: { action: 'log' },
    load: () => import('./commands/notify.ts'),
  },
  ...(['build', 'check', 'push'] as const).map(dashboardsCommand),
  {
    name: 'reconcile',
    summary: 'prove the counts from the offsets; exit code 1 on any difference',
    details: 'Compares Kafka offsets, the ledger of batches and the tables, per topic and partition.',
    options: [
      { flags: '--topic <name>', description: 'only this topic' },
      json,
      ...kafkaOptions,
      ...storeOptions,
    ],
    examples: ['faultline reconcile', 'faultline reconcile --topic llm-requests --json'],
    load: () => import('./commands/reconcile.ts'),
  },
  {
    name: 'reclassify',
    summary: 'judge stored errors again by the present rules, and correct events and counts',
    details:
      'For use after a release that judges texts differently: errors get the class of the present rules, in error_events and in all tables of counts; the totals do not change. Workers may write meanwhile if they are of this release, too. After a stop or a crash, the next run continues where this one ended. Incidents stay as they were found. See docs/guarantees.md.',
    options: [
      {
        flags: '--since <when>',
        description: 'only errors since then: 24h, 7d, ISO-8601 time (default: all)',
      },
      { flags: '--dry-run', description: 'show what would change, and change nothing' },
      json,
      ...storeOptions,
    ],
    examples: ['faultline reclassify --dry-run', 'faultline reclassify --since 7d'],
    graceful: true,
    load: () => import('./commands/reclassify.ts'),
  },
  ...(['list', 'replay'] as const).map(deadLettersCommand),
  {
    name: 'simulate',
    summary: 'write labelled traffic with known incidents in it',
    details:
      'The same seed gives the same records. Writes the true counts and incidents to stderr, or to the file of --truth.',
    options: [
      { flags: '--scenario <name>', description: 'which traffic (default: demo-day)' },
      { flags: '--rate <n>', description: 'mean requests per second of event time', parse: positive },
      { flags: '--seed <n>', description: 'seed of the random numbers (default: 1)', parse: natural },
      { flags: '--since <when>', description: 'start of the traffic: 24h, 7d, ISO-8601 time' },
      { flags: '--until <when>', description: 'end of the traffic' },
      { flags: '--count <n>', description: 'end after this number of records', parse: count },
      {
        flags: '--speed <factor>',
        description: 'how many times as fast as real time records are written (default: as fast as possible)',
        parse: positive,
      },
      { flags: '--live', description: 'write traffic from now on, in real time, until Ctrl-C' },
      { flags: '--to <where>', description: 'kafka, or - for standard output (default: -)' },
      { flags: '--truth <file>', description: 'write the true counts and incidents to this file, as JSON' },
      ...kafkaOptions,
    ],
    examples: [
      'faultline simulate --scenario demo-day > traffic.ndjson',
      'faultline simulate --live --rate 200 --to kafka',
    ],
    graceful: true,
    load: () => import('./commands/simulate.ts'),
  },
  {
    name: 'migrate',
    summary: 'bring the tables to the present schema',
    details: 'Safe to repeat and to run twice at once. Workers do this by themselves.',
    options: [...storeOptions],
    examples: ['faultline migrate --clickhouse-url http://clickhouse:8123'],
    load: () => import('./commands/migrate.ts'),
  },
  {
    name: 'settings',
    summary: 'print the effective settings, or an example file',
    details: 'Shows the origin of each value that is not the default. Secrets are masked.',
    options: [{ flags: '--example', description: 'print a settings file with every key and its meaning' }],
    examples: ['faultline settings', 'faultline settings --example > faultline.yaml'],
    load: () => import('./commands/settings.ts'),
  },
  {
    name: 'doctor',
    summary: 'check settings, ClickHouse, Kafka, Grafana and receivers, and show what to fix',
    details: 'One line per check; exit code 1 when one fails.',
    options: [json, ...kafkaOptions, ...storeOptions],
    examples: ['faultline doctor'],
    load: () => import('./commands/doctor.ts'),
  },
];

function dashboardsCommand(action: 'build' | 'check' | 'push'): CommandSpec {
  const summaries = {
    build: 'write the Grafana dashboards and alert rules',
    check: 'compare the written files with the code; exit code 1 when they differ',
    push: 'update the folder faultline of a Grafana to the dashboards and alert rules of the code',
  };
  return {
    name: `dashboards ${action}`,
    summary: summaries[action],
    details:
      'The files are in dashboards/grafana/out. The settings grafana.url and grafana.token name the Grafana.',
    options: [
      ...(action === 'push'
        ? [
            { flags: '--dry-run', description: 'show what would change, and change nothing' },
            ...grafanaOptions,
          ]
        : [{ flags: '--out <dir>', description: 'folder of the files' }]),
      { flags: '--docs-url <url>', description: 'start of the address of every runbook, for the links' },
    ],
    examples: [`faultline dashboards ${action}`],
    fixed: { action },
    load: () => import('./commands/dashboards.ts'),
  };
}

function deadLettersCommand(action: 'list' | 'replay'): CommandSpec {
  const list = action === 'list';
  return {
    name: `dead-letters ${action}`,
    summary: list ? 'list records that could not be decoded' : 'decode dead letters again, after a fix',
    details: list
      ? 'Shows origin, reason and the redacted bytes, newest first.'
      : 'Records that can be decoded now are counted once, however often this runs, is killed, or runs twice at the same time. A record whose text is not stored in full stays a dead letter; so does a message of which only some requests can be decoded. Ctrl-C ends it after the present batch.',
    options: [
      { flags: '--topic <name>', description: 'only of this topic' },
      { flags: '--reason <reason>', description: 'only with this reason, such as not_json' },
      { flags: '--since <when>', description: 'only since then: 24h, 7d, ISO-8601 time' },
      list
        ? { flags: '--limit <n>', description: 'largest number of dead letters (default: 100)', parse: count }
        : { flags: '--dry-run', description: 'show what would be counted, and write nothing' },
      json,
      ...storeOptions,
    ],
    examples: list
      ? ['faultline dead-letters list --reason not_json --since 24h']
      : [
          'faultline dead-letters replay --dry-run',
          'faultline dead-letters replay --reason mapping --since 24h',
        ],
    fixed: { action },
    ...(list ? {} : { graceful: true }),
    load: () => import('./commands/dead-letters.ts'),
  };
}
