import type { Incident } from '../../domain/incident.ts';
import type { Store } from '../../store/store.ts';
import { outage, quota, seededIncidents, surge } from './seed-incidents.ts';

/**
 * A day of traffic that is small enough for tests to state its numbers, with a Slow Down surge and an exhausted quota.
 */
export interface SeededDay {
  /** End of the day, epoch milliseconds, a multiple of ten minutes. */
  present: number;
  incidents: Incident[];
  /** Failures by class over the whole day. */
  failures: Record<string, number>;
  requests: number;
}

interface Caller {
  provider: string;
  project: string;
  client: string;
  model: string;
  perMinute: number;
}

const callers: readonly Caller[] = [
  { provider: 'openai', project: 'search', client: 'ranker', model: 'gpt-4.1', perMinute: 420 },
  { provider: 'openai', project: 'support', client: 'helpdesk-bot', model: 'gpt-4.1-mini', perMinute: 260 },
  { provider: 'azure', project: 'batch', client: 'nightly-labels', model: 'gpt-4o', perMinute: 150 },
  {
    provider: 'anthropic',
    project: 'support',
    client: 'helpdesk-bot',
    model: 'claude-sonnet-4',
    perMinute: 90,
  },
];

/** Failures of an ordinary minute, each as a share of its requests. */
const background: readonly [name: string, status: number, part: number][] = [
  ['rate_limit', 429, 0.0042],
  ['server_error', 500, 0.0016],
  ['timeout', 0, 0.0011],
  ['engine_overloaded', 503, 0.0007],
  ['bad_request', 400, 0.0024],
  ['invalid_authentication', 401, 0.0004],
];

const DAY_MINUTES = 1_440;
/** Writes the day into an empty store with tables. The same `present` gives the same rows. */
export async function seedDay(store: Store, present: number): Promise<SeededDay> {
  const random = createRandom(7);
  const counts: (string | number)[][] = [];
  const failures: Record<string, number> = {};
  let requests = 0;
  const start = present / 1_000 - DAY_MINUTES * 60;
  for (let minute = 0; minute < DAY_MINUTES; minute++) {
    const before = DAY_MINUTES - minute;
    for (const caller of callers) {
      const rate = Math.round(
        caller.perMinute * daily(minute) * (0.9 + 0.2 * random()) * ramp(caller, before),
      );
      const add = (name: string, status: number, amount: number, retries = 0): void => {
        if (amount <= 0) return;
        if (name !== 'ok') failures[name] = (failures[name] ?? 0) + amount;
        requests += amount;
        const useless = name === 'quota_exceeded' ? retries : 0;
        counts.push([
          start + minute * 60,
          caller.provider,
          'acme',
          caller.project,
          'sk-proj-…f3Qz#9a1c27be',
          caller.client,
          'eu-west-1',
          caller.model,
          '/v1/chat/completions',
          name,
          '',
          status,
          amount,
          retries,
          useless,
          amount * 900,
          amount * 160,
          amount * 0.003,
        ]);
      };
      let failed = 0;
      for (const [name, status, part] of background) {
        const amount = Math.floor(rate * part * (0.3 + 1.4 * random()) + random());
        failed += amount;
        add(name, status, amount, Math.floor(amount / 2));
      }
      for (const [name, status, amount] of trouble(caller, before, rate, random)) {
        failed += amount;
        add(name, status, amount, Math.floor(amount * 0.6));
      }
      add('ok', 200, Math.max(0, rate - failed));
    }
  }
  // A row after the end of the day. Without it the page would take the last minutes of the day for incomplete.
  const last = counts.at(-1);
  if (last !== undefined) counts.push([present / 1_000, ...last.slice(1)]);
  await insert(store, 'request_counts', COUNT_COLUMNS, counts);
  await insert(store, 'error_events', EVENT_COLUMNS, sampleEvents(present));
  await insert(store, 'ingest_batches', BATCH_COLUMNS, batches(present, random));
  const incidents = seededIncidents(present);
  await insertIncidents(store, incidents, present);
  return { present, incidents, failures, requests };
}

/** Adds or replaces incidents, as an analyzer does at the event time `version` (epoch ms). */
export async function insertIncidents(
  store: Store,
  incidents: readonly Incident[],
  version: number,
): Promise<void> {
  const rows = incidents.map((one) => [
    one.id,
    version,
    one.kind,
    one.state,
    one.severity,
    one.scope.provider ?? '',
    one.scope.org ?? '',
    one.scope.project ?? '',
    one.scope.model ?? '',
    JSON.stringify(one.scope),
    clickhouseTime(one.started_at),
    clickhouseTime(one.detected_at),
    one.resolved_at === null ? '\\N' : clickhouseTime(one.resolved_at),
    one.summary,
    one.verdict.party,
    one.verdict.why,
    JSON.stringify(one.evidence),
    JSON.stringify(one.remedy),
    list(one.sample_request_ids),
    list(one.related),
    '{}',
  ]);
  await insert(store, 'incidents', INCIDENT_COLUMNS, rows, `${version}`);
}

function daily(minute: number): number {
  return 0.55 + 0.45 * Math.sin(((minute - 300) / DAY_MINUTES) * 2 * Math.PI) ** 2;
}

function ramp(caller: Caller, before: number): number {
  return caller.client === 'ranker' && before <= surge.from + 12
    ? Math.min(2.4, 1 + (surge.from + 12 - before) / 14)
    : 1;
}

function trouble(
  caller: Caller,
  before: number,
  rate: number,
  random: () => number,
): [string, number, number][] {
  const amount = (part: number): number => Math.round(rate * part * (0.75 + 0.5 * random()));
  if (caller.client === 'ranker' && before <= surge.from) return [['slow_down', 503, amount(0.11)]];
  if (caller.project === 'batch' && before <= quota.from) return [['quota_exceeded', 429, amount(0.8)]];
  if (caller.provider === 'openai' && before <= outage.from && before > outage.until) {
    return [
      ['server_error', 500, amount(0.16)],
      ['engine_overloaded', 503, amount(0.07)],
      ['timeout', 0, amount(0.03)],
    ];
  }
  return [];
}

function sampleEvents(present: number): (string | number)[][] {
  const texts: [string, number, string, string, string][] = [
    [
      'slow_down',
      503,
      'slow_down',
      '',
      'Slow Down: your rate of requests rose quickly. Return to your original rate, hold it for 15 minutes, then raise it gradually.',
    ],
    [
      'quota_exceeded',
      429,
      'insufficient_quota',
      'insufficient_quota',
      'You exceeded your current quota, please check your plan and billing details.',
    ],
    [
      'rate_limit',
      429,
      'tokens',
      'rate_limit_exceeded',
      'Rate limit reached for gpt-4.1-mini in organization acme on tokens per min (TPM): Limit 200000, Used 199114, Requested 2201.',
    ],
    [
      'server_error',
      500,
      'server_error',
      '',
      'The server had an error while processing your request. Sorry about that!',
    ],
    [
      'invalid_authentication',
      401,
      'invalid_request_error',
      'invalid_api_key',
      '<img src=x onerror="window.injected=true">Incorrect API key provided: sk-…f3Qz.',
    ],
  ];
  // The surge names the first two of its failures.
  const named = ['req_7f1c2a90', 'req_7f1c2ab4'];
  return texts.flatMap(([name, status, type, code, message], kind) =>
    Array.from({ length: 30 - kind * 5 }, (_, place) => [
      present / 1_000 - 60 * (place + 1),
      (kind === 0 && named[place]) || `req_${kind}${place}`,
      'openai',
      'acme',
      'search',
      'gpt-4.1',
      'ranker',
      status,
      name,
      type,
      code,
      message,
    ]),
  );
}

function batches(present: number, random: () => number): (string | number)[][] {
  return Array.from({ length: 288 }, (_, place) => {
    const end = present / 1_000 - (288 - place - 1) * 300 - 4;
    return [
      'demo',
      0,
      place * 4_000,
      (place + 1) * 4_000,
      3_998,
      60,
      2,
      0,
      end - 299,
      end,
      end + 0.6 + random(),
    ];
  });
}

const COUNT_COLUMNS = (
  'ts provider org project api_key client region model endpoint class subclass status requests ' +
  'retries useless_retries input_tokens output_tokens cost_usd'
).split(' ');
const EVENT_COLUMNS = 'ts request_id provider org project model client status class type code message'.split(
  ' ',
);
const BATCH_COLUMNS =
  'topic partition from_offset to_offset counted failed skipped dead first_ts last_ts inserted_at'.split(' ');
const INCIDENT_COLUMNS = (
  'id version kind state severity provider org project model scope started_at detected_at ' +
  'resolved_at summary verdict_party verdict_why evidence remedy sample_request_ids related ' +
  'memory'
).split(' ');

async function insert(
  store: Store,
  table: string,
  columns: readonly string[],
  rows: readonly (string | number)[][],
  token = 'seed',
): Promise<void> {
  const body = Buffer.from(rows.map((row) => `${row.map(escaped).join('\t')}\n`).join(''));
  await store.insert({ table, columns, body, token: `${table}-${token}` });
}

function escaped(value: string | number): string {
  return value === '\\N'
    ? value
    : String(value).replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n');
}

function list(texts: readonly string[]): string {
  return `[${texts.map((text) => `'${text}'`).join(',')}]`;
}

function clickhouseTime(iso: string): string {
  return iso.replace('T', ' ').replace('Z', '');
}

/** A small generator of numbers from 0 to 1; the same seed gives the same numbers. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}
