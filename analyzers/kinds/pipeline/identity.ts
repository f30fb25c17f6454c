import { z } from 'zod';
import type { LiveIncident } from '../../live-incident.ts';

/** What can be wrong with a topic; each is one incident at a time, so that a dead worker is one alert, not one a partition. */
export const problems = ['stands_still', 'lost'] as const;

/** What the identity of an incident of the pipeline is made of. */
export const pipelineIdentity = z.object({ topic: z.string(), problem: z.enum(problems) });
export type PipelineIdentity = z.infer<typeof pipelineIdentity>;

export type PipelineIncident = LiveIncident<PipelineIdentity>;

/** The incidents of the pipeline that are not over, keyed by `pipelineKey`. */
export type PipelineLive = ReadonlyMap<string, PipelineIncident>;

export function pipelineKey({ topic, problem }: PipelineIdentity): string {
  return `${problem}\n${topic}`;
}
