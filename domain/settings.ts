import { z } from 'zod';
import { notifySettings } from './notify-settings.ts';
import { overridesOf } from './overrides.ts';
import { defaultRetention, parseRetention, type RetainedTable } from './retention.ts';

/** Environment variables and flags are texts; an empty value or a boolean is not a number. */
const toNumber = (v: unknown) =>
  typeof v === 'string' && v.trim() !== '' && !Number.isNaN(Number(v)) ? Number(v) : v;
const integer = (min: number, max: number) => z.preprocess(toNumber, z.number().int().min(min).max(max));
const port = integer(0, 65_535);
const ratio = z.preprocess(toNumber, z.number().min(0).max(1));
const positive = z.preprocess(toNumber, z.number().positive());
const whole = (max: number) => integer(1, max);
/** Environment variables are texts: `true`, `1`, `yes` and their opposites. */
const flag = z.union([z.boolean(), z.stringbool()], { error: 'true or false' });
/** A list in YAML, or a comma-separated text in an environment variable. */
const listOf = (item: z.ZodString) =>
  z.preprocess(
    (v) =>
      typeof v === 'string'
        ? v
            .split(',')
            .map((part) => part.trim())
            .filter(Boolean)
        : v,
    z.array(item).min(1),
  );
const list = listOf(z.string().min(1));
const hostPort = z
  .string()
  .regex(/^(\[[0-9A-Fa-f:.]+\]|[^\s:/,@]+):\d{1,5}$/, 'host:port, such as 127.0.0.1:9092');
const httpUrl = z
  .string()
  .refine(
    (v) => v === '' || isHttpUrl(v),
    'an http:// or https:// address without user and password, or empty',
  );
/** A text that is never shown: error messages and `faultline settings` mask it. */
const secret = (description: string) => z.string().default('').meta({ description, secret: true });

const keeps = (table: RetainedTable, description: string) =>
  z
    .string()
    .refine(
      (v) => parseRetention(v) !== undefined,
      'days, weeks or years such as 7d, 2w, 3y (1d to 18250d), or never to keep for ever',
    )
    .default(defaultRetention[table])
    .describe(description);

/** The forms of ids within a name. */
const idRule = z.enum(['uuid', 'hex', 'number', 'pod']);
export type IdRule = z.infer<typeof idRule>;
const idRules = (those: readonly IdRule[]) =>
  z
    .preprocess(
      (v) =>
        typeof v === 'string'
          ? v
              .split(',')
              .map((part) => part.trim())
              .filter(Boolean)
          : v,
      z.array(idRule),
    )
    .default([...those]);

/**
 * `auto`, `native`, `mapped`, … or the name of a preset. The set of presets is known only to the code that reads
 * formats.
 */
export type RecordFormat = string;

/** A member of the section of every kind of incident. */
const enabled = flag
  .default(true)
  .describe('False: this kind is not looked for, and its open incidents are resolved.');

/**
 * Every setting except `analyzers.overrides`. A key `a.b_c` can also be set as environment variable `FAULTLINE_A_B_C`,
 * unless its `meta` has `structured`. The texts of `describe` become the comments of `faultline.example.yaml`.
 */
const plainSettings = z.strictObject({
  clickhouse: z
    .strictObject({
      url: httpUrl
        .default('')
        .describe(
          'HTTP address of a ClickHouse server, such as http://127.0.0.1:8123. Empty: the embedded engine.',
        ),
      path: z
        .string()
        .min(1)
        .default('./data')
        .describe(
          'Data directory of the embedded engine. Only one process can use it; writing stops when less than 256 MiB of its disk are free. Its folder imports holds the progress of file imports, even if clickhouse.url is set.',
        ),
      database: z
        .string()
        .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'letters, digits and _ only')
        .default('faultline')
        .describe('Database that holds the tables; created when absent.'),
      user: z.string().default('default').describe('User of the server.'),
      password: secret('Password of the server. Better as FAULTLINE_CLICKHOUSE_PASSWORD.'),
      cluster: z
        .string()
        .regex(/^[A-Za-z0-9_-]*$/, 'letters, digits, _ and - only')
        .default('')
        .describe(
          'Name of a ClickHouse cluster: tables become Replicated and Distributed. Empty: a single server.',
        ),
      http_port: port
        .default(0)
        .describe(
          "Loopback port on which `start` and `ingest` offer the embedded engine over ClickHouse's HTTP interface. 0: not offered.",
        ),
      http_token: secret(
        'Password with which other programs may write through http_port; empty: they can only read. Set the environment variable instead, so that it stands in no file.',
      ),
      retention: z
        .strictObject({
          request_counts: keeps(
            'request_counts',
            'How long counts per 10 s are kept, from their event or their import, whichever is later: such as 7d, 2w, 3y, or never to keep them for ever. Applied at every start.',
          ),
          request_counts_1m: keeps(
            'request_counts_1m',
            'How long counts per minute are kept; at least as long as counts per 10 s.',
          ),
          request_counts_1h: keeps(
            'request_counts_1h',
            'How long counts per hour are kept; at least as long as counts per minute.',
          ),
          error_events: keeps('error_events', 'How long failures are kept.'),
          dead_letters: keeps(
            'dead_letters',
            'How long records that could not be decoded are kept after they were read.',
          ),
          incidents: keeps('incidents', 'How long incidents are kept after they were last written.'),
          notifications: keeps('notifications', 'How long the log of what was sent is kept.'),
          ingest_batches: keeps(
            'ingest_batches',
            'How long the ledger keeps a row for each batch. Its sums by day are kept as long as the longest of these times, except that of notifications.',
          ),
        })
        // `trends` reads the coarser table where the rows of the finer one have expired.
        .refine((r) => isAtMost(r.request_counts, r.request_counts_1m), {
          path: ['request_counts'],
          error: 'at most as long as request_counts_1m',
        })
        .refine((r) => isAtMost(r.request_counts_1m, r.request_counts_1h), {
          path: ['request_counts_1m'],
          error: 'at most as long as request_counts_1h',
        })
        .prefault({}),
    })
    .prefault({}),
  kafka: z
    .strictObject({
      brokers: listOf(hostPort).default(['127.0.0.1:9092']).describe('Brokers as host:port.'),
      topics: list.default(['llm-requests']).describe('Topics to read.'),
      group: z.string().min(1).default('faultline').describe('Consumer group.'),
      client_id: z.string().min(1).default('faultline').describe('Client id shown in the broker.'),
      session_timeout_ms: integer(6_000, 300_000)
        .default(30_000)
        .describe('A worker that sends no heartbeat for this time loses its partitions.'),
      tls: flag.default(false).describe('Connect with TLS.'),
      tls_ca: z
        .string()
        .default('')
        .describe('File with the certificate authority (PEM). Empty: the system list.'),
      tls_cert: z.string().default('').describe('File with the client certificate (PEM).'),
      tls_key: z.string().default('').describe('File with the key of the client certificate (PEM).'),
      sasl_mechanism: z
        .enum(['', 'plain', 'scram-sha-256', 'scram-sha-512'])
        .default('')
        .describe('How to log in; empty: without a login.'),
      sasl_username: z.string().default('').describe('User name for SASL.'),
      sasl_password: secret('Password for SASL. Better as FAULTLINE_KAFKA_SASL_PASSWORD.'),
    })
    .prefault({}),
  format: z
    .string()
    .regex(/^[a-z][a-z0-9-]*$/, 'a name of a format, such as auto, native or mapped (docs/formats/README.md)')
    .default('auto')
    .describe(
      'Format of the records: auto (decides per message), native, mapped, or another of docs/formats/README.md.',
    ),
  mapping: z
    .record(z.string(), z.unknown())
    .default({})
    .describe(
      'For your own JSON: record field -> path, such as `status: $.response.code`, or more (docs/formats/mapped.md).',
    ),
  privacy: z
    .strictObject({
      hide_email: flag.default(true).describe('Hide e-mail addresses in every text that is stored.'),
      hide_phone: flag.default(true).describe('Hide phone numbers.'),
      hide_card: flag.default(true).describe('Hide the numbers of payment cards.'),
      hide_ip: flag
        .default(false)
        .describe('Hide IP addresses. `ip_not_authorized` then no longer says which address was refused.'),
      hide_prompts: flag.default(true).describe('Hide prompts and answers that are members of a JSON text.'),
    })
    .prefault({}),
  names: z
    .strictObject({
      most: whole(1_000_000)
        .default(10_000)
        .describe(
          'How many values of a dimension (client, api_key, model, …) are counted by name per day of event time and partition; for a day that is over, per batch. The first values count, and within one batch those with the most requests. All others are counted as (other); failures keep their names.',
        ),
      ids: z
        .strictObject({
          client: idRules(['uuid', 'hex', 'number', 'pod']).describe(
            'Which ids within the name of a client are replaced by {id}: uuid, hex (16 digits or more), number (6 digits or more), pod (the suffix that Kubernetes adds to a name). A name that is only an id stays.',
          ),
          model: idRules(['uuid', 'hex']).describe(
            'Which ids within the name of a model are replaced by {id}.',
          ),
          endpoint: idRules(['uuid', 'hex', 'number']).describe(
            'Which ids within the parts of an endpoint are replaced by {id}; there, ids such as thread_abc123DEF456 count as hex.',
          ),
        })
        .prefault({}),
    })
    .prefault({}),
  batch: z
    .strictObject({
      rows: whole(1_000_000).default(400_000).describe('Largest number of records in a batch.'),
      bytes: whole(200 * 1024 * 1024)
        .default(16 * 1024 * 1024)
        .describe(
          'Largest number of bytes of rows in a batch. A worker holds up to 2.5 times this in memory, at least 56 MiB.',
        ),
      age_ms: whole(60_000)
        .default(1_000)
        .describe('A batch closes this many milliseconds after its first record, if it is not full before.'),
      quiet_age_ms: whole(60_000)
        .default(5_000)
        .describe(
          'The batch of a partition with few records (under 10 in a batch) closes this many milliseconds after its first record: fewer, larger inserts. A partition that is far behind waits twice as long, and six times as long when its backlog can fill the batch.',
        ),
    })
    .prefault({}),
  analyzers: z
    .strictObject({
      every_seconds: whole(3_600).default(10).describe('Time between two evaluations.'),
      settle_seconds: integer(0, 3_600)
        .default(10)
        .describe('Settle time: counts that are younger are not judged yet.'),
      pending_seconds: integer(0, 3_600)
        .default(10)
        .describe('A breach fires after it has lasted this many seconds.'),
      reopen_seconds: integer(0, 86_400)
        .default(900)
        .describe(
          'A breach within this many seconds after an incident was resolved opens that incident again.',
        ),
      window_mib: integer(16, 65_536)
        .default(192)
        .describe(
          'Memory for the counts that are judged. When it is full, the largest organizations are judged without key, client and region, then those with the fewest failures are left out; both are reported.',
        ),
      slow_down_surge: z
        .strictObject({
          enabled,
          count: whole(1_000_000_000)
            .default(5)
            .describe('Fires at this number of Slow Down answers in the window.'),
          window_seconds: whole(86_400).default(60).describe('Length of the window in seconds.'),
          share: ratio
            .default(0.01)
            .describe(
              "Fires only if the answers counted for `count` are also at least this share of the scope's requests.",
            ),
          clear_seconds: whole(86_400)
            .default(300)
            .describe('Resolved after this many seconds below half the threshold.'),
          hold_minutes: positive
            .default(15)
            .describe('How long to hold the original rate before it is raised again.'),
          step: ratio
            .default(0.5)
            .describe('Largest raise of the request rate after each hold time; 0.5: by half.'),
        })
        .prefault({}),
      quota_exhausted: z
        .strictObject({
          enabled,
          count: whole(1_000_000_000)
            .default(3)
            .describe('Fires at this number of quota answers in the window.'),
          window_seconds: whole(86_400).default(60).describe('Length of the window in seconds.'),
          share: ratio
            .default(0.5)
            .describe(
              'Fires only if the answers counted for `count` are also this share of the requests of the scope, or it had no success.',
            ),
          clear_seconds: whole(86_400)
            .default(300)
            .describe('Resolved after this many seconds without a quota answer.'),
        })
        .prefault({}),
      region_blocked: z
        .strictObject({
          enabled,
          count: whole(1_000_000_000)
            .default(3)
            .describe('Fires at this number of requests in the window that were refused for their region.'),
          window_seconds: whole(86_400).default(300).describe('Length of the window in seconds.'),
          share: ratio
            .default(0.1)
            .describe(
              'Fires only if the answers counted for `count` are also at least this share of the requests of a region, client, key, …',
            ),
          clear_seconds: whole(86_400)
            .default(600)
            .describe('Resolved after this many seconds below half the threshold.'),
        })
        .prefault({}),
      retry_storm: z
        .strictObject({
          enabled,
          count: whole(1_000_000_000)
            .default(30)
            .describe(
              'Fires at this number of retries in the window that failed again; at a third of it if at least five different requests failed.',
            ),
          window_seconds: whole(86_400)
            .default(60)
            .describe('Length of the window in seconds. A second window, five times as long, is judged too.'),
          share: ratio
            .default(0.3)
            .describe(
              'Fires only if the answers counted for `count` are also at least this share of the requests of a client, key, project, …',
            ),
          clear_seconds: whole(86_400)
            .default(300)
            .describe('Resolved after this many seconds below half the threshold.'),
        })
        .prefault({}),
      provider_outage: z
        .strictObject({
          enabled,
          count: whole(1_000_000_000)
            .default(5)
            .describe(
              'Fires only when at least this number of answers failed at the provider, or never came, in the longer window of a pace (see window_seconds).',
            ),
          window_seconds: whole(86_400)
            .default(60)
            .describe(
              'Seconds from which all windows derive: fast pace 1 and 5 times as long, slow pace 5 and 60 times, leak (a small share that lasts) 30, 360 and 4,320 times.',
            ),
          budget: ratio.default(0.01).describe('Share of requests that may fail in this way.'),
          fast_factor: positive
            .default(10)
            .describe(
              'Fires when the share of failures is this many times the budget in both windows of the fast pace.',
            ),
          slow_factor: positive
            .default(3)
            .describe(
              'Fires when the share of failures is this many times the budget in both windows of the slow pace.',
            ),
          leak_factor: positive
            .default(2)
            .describe(
              'Fires when the share of failures is this many times the budget in all windows of the leak.',
            ),
          clear_seconds: whole(86_400)
            .default(300)
            .describe('Resolved after this many seconds below half of each factor.'),
        })
        .prefault({}),
      rate_limit_surge: z
        .strictObject({
          enabled,
          count: whole(1_000_000_000)
            .default(10)
            .describe(
              'Fires at this number of requests in the window that ran into a rate limit; at half of it in the second window.',
            ),
          window_seconds: whole(86_400)
            .default(60)
            .describe(
              'Length of the window in seconds. A second window, five times as long, is judged too, for callers with few requests that are mostly refused.',
            ),
          share: ratio
            .default(0.05)
            .describe(
              'Fires only if the answers counted for `count` are also at least this share of the requests of a client, key, project, …, and more than usual.',
            ),
          clear_seconds: whole(86_400)
            .default(300)
            .describe('Resolved after this many seconds below half the threshold.'),
        })
        .prefault({}),
      rate_limit_saturation: z
        .strictObject({
          enabled,
          count: whole(1_000_000_000)
            .default(5)
            .describe(
              'A model is judged when an organization sent it this number of requests in the window.',
            ),
          window_seconds: whole(86_400).default(60).describe('Length of the window in seconds.'),
          left_share: ratio
            .default(0.1)
            .describe(
              'Fires when rate-limit headers show that this share of the limit or less is left, or will be within two minutes.',
            ),
          clear_seconds: whole(86_400)
            .default(300)
            .describe('Resolved after this many seconds with twice as much left.'),
        })
        .prefault({}),
      slow_down_risk: z
        .strictObject({
          enabled,
          count: whole(1_000_000_000)
            .default(20)
            .describe('An organization is judged when it sent this number of requests in the window.'),
          window_seconds: whole(86_400).default(60).describe('Length of the window in seconds.'),
          tokens_per_minute: positive
            .default(1_000_000)
            .describe('Fires when input tokens per minute are above this and have grown by warn_growth.'),
          warn_growth: positive
            .default(0.4)
            .describe('Growth within 15 minutes from which it fires (0.4: to 140 %).'),
          growth: positive
            .default(0.5)
            .describe('Growth from which the severity is warning instead of info.'),
          clear_seconds: whole(86_400)
            .default(600)
            .describe(
              'Resolved after this many seconds in which tokens per minute are below four fifths of tokens_per_minute, or their growth is below four fifths of warn_growth.',
            ),
        })
        .prefault({}),
      quota_forecast: z
        .strictObject({
          enabled,
          budgets: z
            .array(
              z.strictObject({
                provider: z.string().min(1).optional(),
                org: z.string().min(1).optional(),
                project: z.string().min(1).optional(),
                amount_usd: positive,
                period: z.enum(['day', 'week', 'month']),
              }),
            )
            .default([])
            .describe(
              'Budgets: amount_usd per period (day, week or month of the calendar, UTC) for a provider, org or project, or for each organization.',
            )
            .meta({ structured: 'docs/incidents/quota-forecast.md' }),
          count: whole(1_000_000_000)
            .default(20)
            .describe(
              'Fires when a budget will be spent before its period ends at the pace of the last day. Judged when the period so far has at least this number of requests.',
            ),
          window_seconds: whole(86_400).default(600).describe('Seconds for which one evaluation holds.'),
          clear_seconds: whole(86_400)
            .default(3_600)
            .describe('Resolved after this many seconds in which the budget lasts.'),
        })
        .prefault({}),
      auth_failure: z
        .strictObject({
          enabled,
          count: whole(1_000_000_000)
            .default(5)
            .describe(
              'Fires at this number of requests in the window that were refused for their key, membership or address.',
            ),
          window_seconds: whole(86_400)
            .default(60)
            .describe('Length of the window in seconds. A second window, five times as long, is judged too.'),
          share: ratio
            .default(0.2)
            .describe(
              'Fires only if the answers counted for `count` are also at least this share of the requests of a key, client, project, …, and more than usual.',
            ),
          clear_seconds: whole(86_400)
            .default(600)
            .describe('Resolved after this many seconds below half the threshold.'),
        })
        .prefault({}),
      error_surge: z
        .strictObject({
          enabled,
          count: whole(1_000_000_000)
            .default(5)
            .describe(
              'Fires at this number of failures in the window whose classes belong to no other kind.',
            ),
          window_seconds: whole(86_400)
            .default(60)
            .describe('Length of the window in seconds. A second window, five times as long, is judged too.'),
          share: ratio
            .default(0.1)
            .describe(
              'Fires only if the answers counted for `count` are also at least this share of the requests of a client, model, project, …, and more than usual.',
            ),
          clear_seconds: whole(86_400)
            .default(300)
            .describe('Resolved after this many seconds below half the threshold.'),
        })
        .prefault({}),
      unclassified: z
        .strictObject({
          enabled,
          count: whole(1_000_000_000)
            .default(5)
            .describe('Fires at this number of failures in the window that match no rule.'),
          window_seconds: whole(86_400)
            .default(60)
            .describe('Length of the window in seconds. A second window, five times as long, is judged too.'),
          share: ratio
            .default(0.01)
            .describe(
              'Fires only if the answers counted for `count` are also at least this share of the requests of a client, model, project, …, and more than usual.',
            ),
          clear_seconds: whole(86_400)
            .default(600)
            .describe('Resolved after this many seconds below half the threshold.'),
        })
        .prefault({}),
      pipeline: z
        .strictObject({
          enabled,
          // A report of a worker can be 20 s old: workers report every 10 s what they learned in the last 10 s. So a
          // time below 30 s would make incidents of idle partitions.
          stand_seconds: integer(30, 86_400)
            .default(60)
            .describe(
              'Fires when records of a partition wait and nothing of it was stored for this many seconds.',
            ),
          clear_seconds: whole(86_400)
            .default(60)
            .describe(
              'Resolved after this many seconds in which no partition of the topic waited as long as half of stand_seconds (30 s at least).',
            ),
          hold_seconds: integer(0, 86_400)
            .default(900)
            .describe(
              'A partition whose records wait but are not stored holds the watermark back for this many seconds; then counts are judged without it.',
            ),
        })
        .prefault({}),
    })
    .prefault({}),
  notify: notifySettings,
  console: z
    .strictObject({
      host: z
        .string()
        .min(1)
        .default('127.0.0.1')
        .describe(
          'Address of the web page. Any other than loopback needs console.token or console.read_token.',
        ),
      port: port.default(7070).describe('Port of the web page.'),
      token: secret(
        'Token that the page and the API require; it allows everything. Better as FAULTLINE_CONSOLE_TOKEN.',
      ),
      read_token: secret(
        'Token that allows only reading the page and the API. Better as FAULTLINE_CONSOLE_READ_TOKEN.',
      ),
      query_seconds: integer(1, 600)
        .default(20)
        .describe('A query of the page or the API is cancelled after this many seconds.'),
    })
    .prefault({}),
  metrics: z
    .strictObject({
      host: z
        .string()
        .min(1)
        .default('127.0.0.1')
        .describe('Address on which `ingest` and `analyze` serve /metrics, /healthz and /readyz.'),
      port: port.default(7071).describe('Port of /metrics, /healthz and /readyz; 0 picks a free one.'),
    })
    .prefault({}),
  grafana: z
    .strictObject({
      url: httpUrl
        .default('')
        .describe('Address of Grafana for `dashboards push` and `doctor`. Empty: none.'),
      token: secret('Service-account token of Grafana. Better as FAULTLINE_GRAFANA_TOKEN.'),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z
        .enum(['debug', 'info', 'warn', 'error', 'silent'])
        .default('info')
        .describe('Least important log line shown on stderr.'),
    })
    .prefault({}),
});
const { shape: analyzers } = plainSettings.shape.analyzers.unwrap();

/** All settings. The members of `overrides` derive from the sections of the kinds. */
export const settingsSchema = plainSettings.extend({
  analyzers: plainSettings.shape.analyzers
    .unwrap()
    .extend({
      overrides: overridesOf(analyzers)
        .default([])
        .describe(
          'Settings of kinds that hold only for a provider, org or model, such as {where: {org: acme}, rate_limit_surge: {share: 0.2}}; only in a file. When several match, the later one wins.',
        )
        .meta({ structured: 'docs/incidents.md' }),
    })
    .prefault({}),
});
export type Settings = z.infer<typeof settingsSchema>;
/** Which personal data is hidden; secrets are always hidden. */
export type Privacy = Settings['privacy'];
export const defaultPrivacy: Privacy = settingsSchema.parse({}).privacy;
/** Which forms of ids are replaced in the names of each dimension. */
export type FoldedIds = Settings['names']['ids'];
export const defaultIds: FoldedIds = settingsSchema.parse({}).names.ids;

function isAtMost(one: string, other: string): boolean {
  const [days, most] = [parseRetention(one), parseRetention(other)];
  return most === null || (days !== null && (days ?? 0) <= (most ?? 0));
}

function isHttpUrl(text: string): boolean {
  const url = URL.parse(text);
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:';
  // A password in an address would appear in logs. User and password have settings of their own, and the password is
  // masked.
  return isHttp && url?.username === '' && url.password === '';
}
