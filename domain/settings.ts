import { z } from 'zod';
import { notifySettings } from './notify-settings.ts';
import { overridesOf } from './overrides.ts';
import { defaultRetention, parseRetention, type RetainedTable } from './retention.ts';

/** Environment variables and flags are texts; an empty value or a boolean is no number. */
const toNumber = (v: unknown) =>
  typeof v === 'string' && v.trim() !== '' && !Number.isNaN(Number(v)) ? Number(v) : v;
const integer = (min: number, max: number) => z.preprocess(toNumber, z.number().int().min(min).max(max));
const port = integer(0, 65_535);
const ratio = z.preprocess(toNumber, z.number().min(0).max(1));
const positive = z.preprocess(toNumber, z.number().positive());
const whole = (max: number) => integer(1, max);
/** Environment variables are texts: `true`, `1`, `yes` and their opposites. */
const flag = z.union([z.boolean(), z.stringbool()], { error: 'true or false' });
/** A list in YAML, or comma-separated in an environment variable. */
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
/** Shown nowhere: messages and `faultline settings` mask it. */
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

/** What an id within a name may look like. */
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

/** `auto`, `native`, `mapped`, … or the name of a preset: which there are is known where formats are read. */
export type RecordFormat = string;

/** Of every kind of incident. */
const enabled = flag
  .default(true)
  .describe('False: this kind is not looked for, and what is open is closed.');

/**
 * Every setting, once. A key `a.b_c` is also the environment variable `FAULTLINE_A_B_C`.
 * `describe` texts become the comments of `faultline.example.yaml`.
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
          'Data directory of the embedded engine. One process owns it; 256 MiB of its disk stay free. What is being imported from files is noted in its folder imports, also with a server.',
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
          "Loopback port on which `start` and `ingest` serve the embedded engine by ClickHouse's HTTP interface. 0: not at all.",
        ),
      http_token: secret(
        'Password with which others may write there; empty: they may only read. Better as FAULTLINE_CLICKHOUSE_HTTP_TOKEN.',
      ),
      retention: z
        .strictObject({
          request_counts: keeps(
            'request_counts',
            'How long counts per 10 s are kept after their event, or after their import where that is later: such as 7d, 2w, 3y, or never to keep them for ever. Every start applies it.',
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
            'How long the ledger holds every batch. By day it is kept as long as the longest of these.',
          ),
        })
        // `trends` asks the coarser table where the finer one keeps nothing any more.
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
        .describe('A worker that is silent for so long loses its partitions.'),
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
        .describe('How to log in; empty: not at all.'),
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
      hide_prompts: flag
        .default(true)
        .describe('Hide prompts and answers where a member of a JSON text holds them.'),
    })
    .prefault({}),
  names: z
    .strictObject({
      most: whole(1_000_000)
        .default(10_000)
        .describe(
          'Values of a dimension (client, api_key, model, …) that are counted by their names, a day of event time and partition: those that came first, of one batch those with the most requests. The rest is counted as (other); failures keep their names.',
        ),
      ids: z
        .strictObject({
          client: idRules(['uuid', 'hex', 'number', 'pod']).describe(
            'Which ids within the name of a client are replaced by {id}: uuid, hex (16 digits and more), number (6 and more), pod (what Kubernetes adds to a name). A name that is nothing but an id stays.',
          ),
          model: idRules(['uuid', 'hex']).describe('The same for models.'),
          endpoint: idRules(['uuid', 'hex', 'number']).describe(
            'The same for the parts of a path, where ids such as thread_abc123DEF456 belong to hex.',
          ),
        })
        .prefault({}),
    })
    .prefault({}),
  batch: z
    .strictObject({
      rows: whole(1_000_000).default(400_000).describe('A batch closes at so many records,'),
      bytes: whole(200 * 1024 * 1024)
        .default(16 * 1024 * 1024)
        .describe(
          'or so many bytes of rows to be stored (a worker holds up to 2.5 times this, at least 56 MiB),',
        ),
      age_ms: whole(60_000).default(1_000).describe('or so many milliseconds after its first record.'),
      quiet_age_ms: whole(60_000)
        .default(5_000)
        .describe(
          'The same for a partition with few records (under 10 in a batch): fewer, larger inserts. One that is far behind waits twice as long, and three times that where its backlog fills the batch.',
        ),
    })
    .prefault({}),
  analyzers: z
    .strictObject({
      every_seconds: whole(3_600).default(10).describe('Time between two evaluations.'),
      settle_seconds: integer(0, 3_600).default(10).describe('Counts younger than this are not judged yet.'),
      pending_seconds: integer(0, 3_600).default(10).describe('A breach fires after it has lasted so long.'),
      reopen_seconds: integer(0, 86_400)
        .default(900)
        .describe('A breach so soon after a resolved incident opens that one again.'),
      window_mib: integer(16, 65_536)
        .default(192)
        .describe(
          'Memory for the counts that are judged. When it is full, the largest organizations are judged without key, client and region, then the smallest are left out; both are reported.',
        ),
      slow_down_surge: z
        .strictObject({
          enabled,
          count: whole(1_000_000_000).default(5).describe('Fires at so many Slow Down answers in the window'),
          window_seconds: whole(86_400).default(60).describe('of so many seconds'),
          share: ratio.default(0.01).describe("and this share of the scope's requests."),
          clear_seconds: whole(86_400)
            .default(300)
            .describe('Resolved after so many seconds below half the threshold.'),
          hold_minutes: positive
            .default(15)
            .describe('How long the original rate is to be held before it is raised again.'),
          step: ratio.default(0.5).describe('Largest raise per hold time.'),
        })
        .prefault({}),
      quota_exhausted: z
        .strictObject({
          enabled,
          count: whole(1_000_000_000).default(3).describe('Fires at so many quota answers in the window'),
          window_seconds: whole(86_400).default(60).describe('of so many seconds'),
          share: ratio
            .default(0.5)
            .describe('when the scope had no success, or this share of its requests failed so.'),
          clear_seconds: whole(86_400).default(300).describe('Resolved after so many seconds without one.'),
        })
        .prefault({}),
      region_blocked: z
        .strictObject({
          enabled,
          count: whole(1_000_000_000)
            .default(3)
            .describe('Fires at so many requests refused for their region in the window'),
          window_seconds: whole(86_400).default(300).describe('of so many seconds'),
          share: ratio.default(0.1).describe('and this share of the requests of a region, client, key, …'),
          clear_seconds: whole(86_400)
            .default(600)
            .describe('Resolved after so many seconds below half the threshold.'),
        })
        .prefault({}),
      retry_storm: z
        .strictObject({
          enabled,
          count: whole(1_000_000_000)
            .default(30)
            .describe('Fires at so many retries that failed again in the window'),
          window_seconds: whole(86_400).default(60).describe('of so many seconds'),
          share: ratio.default(0.3).describe('and this share of the requests of a client, key, project, …'),
          clear_seconds: whole(86_400)
            .default(300)
            .describe('Resolved after so many seconds below half the threshold.'),
        })
        .prefault({}),
      provider_outage: z
        .strictObject({
          enabled,
          count: whole(1_000_000_000)
            .default(5)
            .describe(
              'Fires at so many answers that failed at the provider, or never came, in the longer windows',
            ),
          window_seconds: whole(86_400)
            .default(60)
            .describe(
              'of paces that are all derived from so many seconds: fast 1 and 5 times as long, slow 5 and 60, leak 30, 360 and 4,320',
            ),
          budget: ratio.default(0.01).describe('when the share of requests that may fail so'),
          fast_factor: positive
            .default(10)
            .describe('is exceeded so many times in both windows of the fast pace,'),
          slow_factor: positive.default(3).describe('of the slow pace,'),
          leak_factor: positive.default(2).describe('or of the leak.'),
          clear_seconds: whole(86_400)
            .default(300)
            .describe('Resolved after so many seconds below half of each factor.'),
        })
        .prefault({}),
      rate_limit_surge: z
        .strictObject({
          enabled,
          count: whole(1_000_000_000)
            .default(10)
            .describe('Fires at so many requests that ran into a rate limit in the window'),
          window_seconds: whole(86_400).default(60).describe('of so many seconds'),
          share: ratio
            .default(0.05)
            .describe(
              'and this share of the requests of a client, key, project, …, where that is more than usual.',
            ),
          clear_seconds: whole(86_400)
            .default(300)
            .describe('Resolved after so many seconds below half the threshold.'),
        })
        .prefault({}),
      rate_limit_saturation: z
        .strictObject({
          enabled,
          count: whole(1_000_000_000)
            .default(5)
            .describe('Looks at models with so many requests of an organization in the window'),
          window_seconds: whole(86_400).default(60).describe('of so many seconds.'),
          left_share: ratio
            .default(0.1)
            .describe(
              'Fires where rate-limit headers show at most this part of the limit left, or will within two minutes.',
            ),
          clear_seconds: whole(86_400)
            .default(300)
            .describe('Resolved after so many seconds with twice as much left.'),
        })
        .prefault({}),
      slow_down_risk: z
        .strictObject({
          enabled,
          count: whole(1_000_000_000)
            .default(20)
            .describe('Looks at organizations with so many requests in the window'),
          window_seconds: whole(86_400).default(60).describe('of so many seconds.'),
          tokens_per_minute: positive
            .default(1_000_000)
            .describe('Fires where input tokens per minute are above this'),
          warn_growth: positive
            .default(0.4)
            .describe('and have grown by this share within 15 minutes (0.4: to 140 %);'),
          growth: positive.default(0.5).describe('from this share on severity is warning and not info.'),
          clear_seconds: whole(86_400)
            .default(600)
            .describe('Resolved after so many seconds below four fifths of both.'),
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
              'What may be spent: amount_usd per period (day, week or month of the calendar, UTC), of a provider, org or project, or of each organization.',
            )
            .meta({ structured: 'docs/incidents/quota-forecast.md' }),
          count: whole(1_000_000_000)
            .default(20)
            .describe(
              'Fires where at the pace of the last day the budget is spent before its period ends, at so many requests',
            ),
          window_seconds: whole(86_400)
            .default(600)
            .describe('(one evaluation vouches for so many seconds).'),
          clear_seconds: whole(86_400)
            .default(3_600)
            .describe('Resolved after so many seconds in which it is not.'),
        })
        .prefault({}),
      auth_failure: z
        .strictObject({
          enabled,
          count: whole(1_000_000_000)
            .default(5)
            .describe('Fires at so many requests refused for their key, membership or address in the window'),
          window_seconds: whole(86_400).default(60).describe('of so many seconds, or in five times as many,'),
          share: ratio
            .default(0.2)
            .describe(
              'and this share of the requests of a key, client, project, …, where that is more than usual.',
            ),
          clear_seconds: whole(86_400)
            .default(600)
            .describe('Resolved after so many seconds below half the threshold.'),
        })
        .prefault({}),
      error_surge: z
        .strictObject({
          enabled,
          count: whole(1_000_000_000)
            .default(10)
            .describe('Fires at so many requests of classes that no other kind is about in the window'),
          window_seconds: whole(86_400).default(60).describe('of so many seconds, or in five times as many,'),
          share: ratio
            .default(0.1)
            .describe(
              'and this share of the requests of a client, model, project, …, where that is more than usual.',
            ),
          clear_seconds: whole(86_400)
            .default(300)
            .describe('Resolved after so many seconds below half the threshold.'),
        })
        .prefault({}),
      unclassified: z
        .strictObject({
          enabled,
          count: whole(1_000_000_000)
            .default(10)
            .describe('Fires at so many failures that no rule knows in the window'),
          window_seconds: whole(86_400).default(60).describe('of so many seconds, or in five times as many,'),
          share: ratio
            .default(0.01)
            .describe(
              'and this share of the requests of a client, model, project, …, where that is more than usual.',
            ),
          clear_seconds: whole(86_400)
            .default(600)
            .describe('Resolved after so many seconds below half the threshold.'),
        })
        .prefault({}),
      pipeline: z
        .strictObject({
          enabled,
          // Workers speak every 10 s of what they learned within the 10 s before: less would fire for quiet partitions.
          stand_seconds: integer(30, 86_400)
            .default(60)
            .describe('Fires when records of a partition wait and it has not moved for so many seconds.'),
          clear_seconds: whole(86_400)
            .default(60)
            .describe('Resolved after so many seconds in which all partitions of the topic move.'),
          hold_seconds: integer(0, 86_400)
            .default(900)
            .describe(
              'Counts are not judged beyond a partition that stands still, for so many seconds; then they are, without it.',
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
        'Token that the page and the API ask for; with it everything may be done. Better as FAULTLINE_CONSOLE_TOKEN.',
      ),
      read_token: secret(
        'Token with which page and API may only be read. Better as FAULTLINE_CONSOLE_READ_TOKEN.',
      ),
    })
    .prefault({}),
  metrics: z
    .strictObject({
      host: z
        .string()
        .min(1)
        .default('127.0.0.1')
        .describe('Address of /metrics, /healthz and /readyz of a worker.'),
      port: port.default(7071).describe('Port of the same; 0 picks a free one.'),
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

/** The same with overrides, whose members are those of the kinds. */
export const settingsSchema = plainSettings.extend({
  analyzers: plainSettings.shape.analyzers
    .unwrap()
    .extend({
      overrides: overridesOf(analyzers)
        .default([])
        .describe(
          'Other settings for some only: where (provider, org, model) and settings of kinds, such as {where: {org: acme}, rate_limit_surge: {share: 0.2}}; only in a file. The later wins.',
        )
        .meta({ structured: 'docs/incidents.md' }),
    })
    .prefault({}),
});
export type Settings = z.infer<typeof settingsSchema>;
/** Which personal data is hidden; secrets always are. */
export type Privacy = Settings['privacy'];
export const defaultPrivacy: Privacy = settingsSchema.parse({}).privacy;
/** Which ids are folded in the names of which dimension. */
export type FoldedIds = Settings['names']['ids'];
export const defaultIds: FoldedIds = settingsSchema.parse({}).names.ids;

function isAtMost(one: string, other: string): boolean {
  const [days, most] = [parseRetention(one), parseRetention(other)];
  return most === null || (days !== null && (days ?? 0) <= (most ?? 0));
}

function isHttpUrl(text: string): boolean {
  const url = URL.parse(text);
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:';
  // A login in an address ends up in logs; it has settings of its own, which are masked.
  return isHttp && url?.username === '' && url.password === '';
}
