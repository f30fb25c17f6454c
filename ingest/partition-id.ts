/** A partition of a topic; a file, a pipe and the simulator are topics of one partition. */
export interface PartitionId {
  topic: string;
  partition: number;
}

/** The partition as a key for maps. */
export function partitionKey(id: PartitionId): string {
  return `${id.topic}:${id.partition}`;
}
