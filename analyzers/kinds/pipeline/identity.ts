import type { Live } from '../../evaluate.ts';
import type { Names } from '../../identity.ts';

/**
 * Problems of a topic. A topic has at most one incident of each, so that a dead worker is one alert and not one per
 * partition.
 */
export type Problem = 'stands_still' | 'lost';

/** The identity of an incident of the pipeline; its values in this order make the id. */
export function pipelineIdentity(problem: Problem, topic: string): Names {
  return { problem, topic };
}

/** The incidents of the pipeline that are not over, keyed by `liveKey`. */
export type PipelineLive = Live;

/** The topic of an identity. */
export function topicOf({ identity }: { identity: Names }): string {
  return identity['topic'] ?? '';
}
