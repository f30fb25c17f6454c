import { z } from 'zod';
import type { LiveIncident } from '../../live-incident.ts';

/** What can be wrong with a topic; each is one incident at a time, so that a dead worker is one alert, not one a partition. */
export const problems = ['stands_still', 'lost'] as const;

/** What the identity of an incident of the pipeline is made of; ids are made of it in this order. */
export const pipelineIdentity = z.object({ problem: z.enum(problems), topic: z.string() });
export type PipelineIdentity = z.infer<typeof pipelineIdentity>;

export type PipelineIncident = LiveIncident<PipelineIdentity>;

/** The incidents of the pipeline that are not over, keyed by `liveKey`. */
export type PipelineLive = ReadonlyMap<string, PipelineIncident>;
