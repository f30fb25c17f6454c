import { reopenedOf } from '../../domain/attention.ts';
import { writeAcknowledgement } from '../../store/queries/attention.ts';
import type { CommandContext } from '../context.ts';
import { UserError } from '../errors.ts';
import { findIncident } from '../needs/find-incident.ts';
import { openReader } from '../needs/open-reader.ts';
import { signedBy } from '../options/signed-by.ts';

export interface AckOptions {
  id: string;
  undo?: boolean;
  by?: string;
  note?: string;
}

/** Stores that somebody has taken an incident over, or withdraws this. */
export async function run(
  { id, undo = false, ...signature }: AckOptions,
  context: CommandContext,
): Promise<number> {
  const { by, note } = signedBy(signature, context);
  const store = await openReader(context);
  try {
    const one = await findIncident(store, id);
    if (one.state === 'resolved' && !undo)
      throw new UserError(`incident ${one.id} is resolved: there is nothing to acknowledge`, 1);
    await writeAcknowledgement(store, { incident: one.id, reopened: reopenedOf(one), by, note }, undo);
    context.out(`${one.id} ${one.kind}: ${undo ? 'no longer acknowledged' : `acknowledged by ${by}`}`);
    return 0;
  } finally {
    await store.close();
  }
}
