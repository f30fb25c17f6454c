import type { IngestState, ReportedPartition } from '../../../store/queries/ingest-state.ts';
import { IN_STEP_SECONDS } from '../../../store/queries/watermark.ts';
import type { Level } from '../../incident-life.ts';
import type { AnalyzerSettings, Finding, Known, Report } from '../../detector.ts';
import { isoTime } from '../../iso-time.ts';
import { pipelineIdentity, topicOf } from './identity.ts';

/**
 * The start of an incident is rounded to a multiple of this many seconds. Its id contains the start, so two analyzers
 * then give it the same id.
 */
const START_STEP = 10;
/** Number of partitions that are listed. */
const MAX_NAMED = 10;

/** Why a partition stands still: the reason that its worker reports, or that no worker reports. */
type StandstillCause = 'silent' | 'left' | 'starting' | 'refused_rows' | 'store' | 'broker' | 'unknown';

/** A finding for each topic with a partition that stands still, and one for each known incident. Pure. */
export function standingFindings(
  state: IngestState,
  settings: AnalyzerSettings['pipeline'],
  known: readonly Known[],
): Finding[] {
  const topics = new Map<string, ReportedPartition[]>();
  for (const one of known) topics.set(topicOf(one), []);
  for (const one of state.partitions) {
    const all = topics.get(one.topic);
    if (all === undefined) topics.set(one.topic, [one]);
    else all.push(one);
  }
  return [...topics].flatMap(([topic, partitions]) => {
    const before = known.find((one) => topicOf(one) === topic);
    return findTopic(topic, partitions, { now: state.now, settings, before }) ?? [];
  });
}

function findTopic(
  topic: string,
  partitions: readonly ReportedPartition[],
  context: { now: number; settings: AnalyzerSettings['pipeline']; before: Known | undefined },
): Finding | null {
  const { now, settings, before } = context;
  const stillFor = (seconds: number): ReportedPartition[] =>
    partitions.filter((one) => now - one.still_since >= seconds && !wasLeftEmpty(one));
  const standing = stillFor(settings.stand_seconds);
  if (standing.length === 0 && before === undefined) return null;
  // A partition that stands still for less than this is normal when it has little traffic.
  const lingering = Math.max(settings.stand_seconds / 2, IN_STEP_SECONDS);
  // A slow partition moves now and then. Without the lower threshold ("lingering") its incident would end and begin
  // again each time.
  const level: Level =
    standing.length > 0 ? 'breach' : stillFor(lingering).length > 0 ? 'lingering' : 'healthy';
  const since = Math.min(...standing.map(({ moved_at: ms }) => ms / 1000));
  return {
    identity: pipelineIdentity('stands_still', topic),
    level,
    started_at: standing.length > 0 ? Math.floor(since / START_STEP) * START_STEP : now,
    last_at: now,
    scope: {},
    // An incident keeps its highest severity (`step-incident.ts`), so this one may be lower later.
    severity: standing.every((one) => causeOf(one, now) === 'left') ? 'warning' : 'critical',
    // When every partition moves again, the incident keeps its last report.
    report: () =>
      standing.length === 0 && before !== undefined ? before.said : report(topic, standing, now, settings),
    facts: {},
  };
}

/** True when the worker was shut down cleanly and no records were waiting: then nobody has to be told. */
function wasLeftEmpty({ state, behind }: ReportedPartition): boolean {
  return state === 'left' && behind === 0;
}

function causeOf({ state, reason, at }: ReportedPartition, now: number): StandstillCause {
  if (state === 'left') return 'left';
  if (now - at > IN_STEP_SECONDS) return 'silent';
  return reason === '' ? 'unknown' : reason;
}

function report(
  topic: string,
  standing: readonly ReportedPartition[],
  now: number,
  { hold_seconds: holdSeconds }: AnalyzerSettings['pipeline'],
): Report {
  const worst = standing.toSorted((a, b) => a.still_since - b.still_since || a.partition - b.partition);
  const [first] = worst;
  if (first === undefined) throw new Error('no partition stands still: there is nothing to report');
  const causes = [...new Set(worst.map((one) => causeOf(one, now)))];
  const cause = causes[0] ?? 'unknown';
  const waiting = worst.reduce((sum, { behind }) => sum + behind, 0);
  const which =
    worst.length === 1 ? `Partition ${topic}/${first.partition}` : `${worst.length} partitions of ${topic}`;
  const isGivenUp = worst.some((one) => now - one.still_since > holdSeconds);
  return {
    summary: `${which} ${worst.length === 1 ? 'stands' : 'stand'} still: ${summaries[cause]}.`,
    verdict: { party: 'pipeline', why: whys[cause](first.worker) },
    evidence: {
      topic,
      partitions: worst.slice(0, MAX_NAMED).map((one) => describe(one, now)),
      partition_count: worst.length,
      causes,
      waiting_records: waiting,
      still_seconds: Math.floor(now - first.still_since),
      counted_until: isoTime(Math.floor(Math.min(...worst.map(({ stored_until: until }) => until)))),
      holds_detection: !isGivenUp,
    },
    remedy: {
      steps: [
        ...causes.flatMap((cause) => steps[cause](worst.find((one) => causeOf(one, now) === cause) ?? first)),
        isGivenUp
          ? 'Detection goes on without these partitions: incidents of this time may lack their requests. faultline reconcile shows what is not counted.'
          : 'Detection waits for these partitions, for at most analyzers.pipeline.hold_seconds, so that nothing is judged without their counts.',
      ],
      retry: 'no',
      owner: 'faultline operator',
    },
  };
}

function describe(one: ReportedPartition, now: number): string {
  const from = one.next_offset < 0 ? 'its start is not decided' : `from offset ${one.next_offset}`;
  const still = Math.floor(now - one.still_since);
  return `${one.topic}/${one.partition}: ${causeOf(one, now)}, still for ${still} s, ${one.behind} waiting, ${from}, worker ${one.worker}`;
}

const summaries: Readonly<Record<StandstillCause, string>> = {
  silent: 'no worker reports on it',
  left: 'its worker stopped, and no other took it',
  starting: 'its worker cannot find out where to start',
  refused_rows: 'ClickHouse refuses its rows',
  store: 'ClickHouse does not take its inserts',
  broker: 'Kafka does not answer its worker',
  unknown: 'records wait and its worker does not read them',
};

const whys: Readonly<Record<StandstillCause, (worker: string) => string>> = {
  silent: (worker) =>
    `Worker ${worker} crashed or cannot reach ClickHouse, and no other worker has taken over.`,
  left: (worker) =>
    `Worker ${worker} was shut down while records were waiting, and no other worker has taken over.`,
  starting: (worker) =>
    `Worker ${worker} has the partition, but ClickHouse or Kafka does not tell the worker at which offset to start.`,
  refused_rows: (worker) =>
    `ClickHouse refuses the next batch of worker ${worker} for a reason that no single row explains; nothing is dropped, so it waits.`,
  store: (worker) => `ClickHouse does not take the inserts of worker ${worker}, which keeps trying.`,
  broker: (worker) => `Worker ${worker} gets no answer from Kafka, so it cannot read or announce anything.`,
  unknown: (worker) => `Worker ${worker} is alive but gives no reason.`,
};

const steps: Readonly<
  Record<StandstillCause, (of: Pick<ReportedPartition, 'topic' | 'worker'>) => string[]>
> = {
  silent: ({ topic, worker }) => [
    `Check whether the process of worker ${worker} (host-process-run) runs: if not, start it again and read its last log lines.`,
    'If it runs, ask its /readyz: it names what the worker cannot reach.',
    `If ${topic} is not to be read any more, do nothing: it is forgotten a day after the last report.`,
  ],
  left: ({ topic }) => [
    `Start a worker: faultline ingest, with ${topic} among kafka.topics.`,
    `If ${topic} is not to be read any more, do nothing: it is forgotten a day after the last report.`,
  ],
  starting: ({ worker }) => [
    `Ask /readyz of worker ${worker}, or read its log: it names the service that does not answer.`,
  ],
  refused_rows: ({ worker }) => [
    `Read what ClickHouse says in the log of worker ${worker} ("the store rejects this partition").`,
    'Fix that (schema, rights, limits of the tables); the worker tries again every 10 s and continues by itself.',
  ],
  store: () => [
    'Check whether ClickHouse has disk space and memory and takes inserts; the worker then continues by itself.',
  ],
  broker: ({ worker }) => [
    `Check whether Kafka answers on the host of worker ${worker}; the worker then continues by itself.`,
    'If a topic of kafka.topics was deleted, its workers do not read the others either: remove it from the setting and restart the workers.',
  ],
  unknown: ({ worker }) => [
    `Read the log of worker ${worker}; if its /healthz does not answer 200, restart it.`,
    'An open transaction of a producer holds its partition until it ends or times out.',
  ],
};
