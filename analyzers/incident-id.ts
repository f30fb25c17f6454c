import { createHash } from 'node:crypto';
import type { IncidentKind } from '../domain/incident-kind.ts';

/** 16 hex digits that depend only on kind, identity and start (epoch seconds): every analyzer gives the same. */
export function incidentId(kind: IncidentKind, identity: readonly string[], startedAt: number): string {
  const text = JSON.stringify([kind, ...identity, startedAt]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
