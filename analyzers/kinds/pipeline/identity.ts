import type { Live } from '../../evaluate.ts';
import type { Names } from '../../identity.ts';

/** What can be wrong with a topic; each is one incident at a time, so that a dead worker is one alert, not one a partition. */
export type Problem = 'stands_still' | 'lost';

/** The identity of an incident of the pipeline; ids are made of its values in this order. */
export function pipelineIdentity(problem: Problem, topic: string): Names {
  return { problem, topic };
}

/** The incidents of the pipeline that are not over, keyed by `liveKey`. */
export type PipelineLive = Live;

/** The topic of an incident. */
export function topicOf({ identity }: { identity: Names }): string {
  return identity['topic'] ?? '';
}
