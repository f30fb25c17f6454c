import type { Loss } from '../../../store/queries/losses.ts';
import type { Finding, Known, Report } from '../../detector.ts';
import { count } from '../../report.ts';
import { pipelineIdentity, topicOf } from './identity.ts';

/**
 * A loss has no duration, but its incident stays open for this long after it was found, so that somebody sees it;
 * seconds.
 */
export const SHOWN_SECONDS = 3_600;
/**
 * The time before now, in seconds, in which the analyzers look for losses. They also remember incidents for this time.
 * It is long, because no analyzer may have been running when records were lost.
 */
export const LOSSES_SECONDS = 86_400;
/** Number of lost ranges that the incident lists; the ledger has all of them. */
const MAX_NAMED = 20;

/**
 * Returns a finding for each topic that lost records within `LOSSES_SECONDS`, and one for each known incident. A new
 * loss keeps the incident open for another `SHOWN_SECONDS`. Pure; `now` in epoch seconds.
 */
export function lossFindings(losses: readonly Loss[], known: readonly Known[], now: number): Finding[] {
  const topics = new Set([...known.map(topicOf), ...losses.map(({ topic }) => topic)]);
  return [...topics].flatMap((topic) => {
    const before = known.find((one) => topicOf(one) === topic);
    const found = losses.filter((loss) => loss.topic === topic).toSorted((a, b) => a.at - b.at);
    return findTopic(topic, found, before, now);
  });
}

function findTopic(
  topic: string,
  losses: readonly Loss[],
  before: Known | undefined,
  now: number,
): Finding[] {
  const last = losses.at(-1);
  if (last === undefined && before === undefined) return [];
  const { newest, shown_from: shownFrom } = before?.facts ?? {};
  const isSeen = last === undefined || (typeof newest === 'number' && last.at <= newest);
  const from = isSeen && typeof shownFrom === 'number' ? shownFrom : now;
  return [
    {
      identity: pipelineIdentity('lost', topic),
      level: now < from + SHOWN_SECONDS ? 'breach' : 'healthy',
      started_at: losses[0]?.at ?? now,
      last_at: Math.min(now, from + SHOWN_SECONDS),
      scope: {},
      severity: 'critical',
      report: () => (isSeen && before !== undefined ? before.said : report(topic, losses)),
      facts: { newest: isSeen ? newest : last.at, shown_from: from },
    },
  ];
}

function report(topic: string, losses: readonly Loss[]): Report {
  const records = losses.reduce((sum, { from, to }) => sum + to - from, 0);
  const ranges = losses.map(
    ({ partition, from, to }) => `${topic}/${partition}: offsets ${from} to ${to - 1}`,
  );
  const [first] = ranges;
  return {
    summary: `${count(records)} records of ${topic} were deleted in Kafka before they were read: ${
      ranges.length === 1 ? first : `${ranges.length} ranges`
    }.`,
    verdict: {
      party: 'pipeline',
      why: 'Kafka had already deleted the records that the worker had to read next: the worker was away or behind for longer than the retention of the topic.',
    },
    evidence: {
      topic,
      records,
      // Newest first, because people look for what has just happened.
      ranges: ranges.toReversed().slice(0, MAX_NAMED),
      range_count: ranges.length,
    },
    remedy: {
      steps: [
        `Raise retention.ms or retention.bytes of ${topic} above the longest time that workers may be down.`,
        'If faultline_lag_seconds grows, add workers.',
        'Counts of the affected time lack these records; faultline reconcile lists the exact ranges.',
      ],
      retry: 'no',
      owner: 'faultline operator',
    },
  };
}
