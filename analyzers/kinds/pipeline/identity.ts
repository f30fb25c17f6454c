import type { Live } from '../../evaluate.ts';
import type { Names } from '../../identity.ts';

/**
 * What can be wrong with a topic. A topic has at most one incident for each problem, so that a dead worker raises one
 * alert and not one for each of its partitions.
 */
export type Problem = 'stands_still' | 'lost';

/** The identity of an incident of the pipeline. The incident's id is made of its values in this order. */
export function pipelineIdentity(problem: Problem, topic: string): Names {
  return { problem, topic };
}

/** The incidents of the pipeline that are not over, keyed by `liveKey`. */
export type PipelineLive = Live;

/** The topic of an identity. */
export function topicOf({ identity }: { identity: Names }): string {
  return identity['topic'] ?? '';
}
