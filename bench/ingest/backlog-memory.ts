import { drain } from './drain.ts';
import type { DataSet } from './data-set.ts';
import type { Lab } from './lab.ts';
import { fact, type Finding, goal, whole } from './report.ts';

/** Measures the memory of one worker while it reads a backlog of `records` in 50 partitions. */
export async function backlogMemory(lab: Lab, set: DataSet, records: number): Promise<Finding> {
  const topic = await lab.filledTopic(`backlog-${set}`, 50, set, records);
  const { memory, rate, batches } = await drain(lab, topic, records);
  const course = memory.points.map(({ mb }) => mb).join(' ');
  return {
    lines: [
      goal(
        `e  ${set}: worker, 50 partitions: most memory`,
        `${whole(memory.max_mb)} MB`,
        '< 400 MB',
        memory.max_mb < 400,
      ),
      goal(
        `e  ${set}: its growth in the second half`,
        `${whole(memory.slope_mb_per_min)} MB a minute`,
        'no more than noise: < 120',
        memory.slope_mb_per_min < 120,
      ),
      fact(`e  ${set}: MB at each second`, course),
      fact(`e  ${set}: rate`, `${whole(rate)}/s in ${batches} batches`),
    ],
    figures: { [`backlog_50_partitions ${set}`]: { ...memory, rate, batches } },
  };
}
