import { type ErrorClass, errorClassNames } from '../../domain/error-class.ts';
import { envoyFlagRules } from './rules/envoy-flags.ts';
import { resetRules } from './engine/reset.ts';
import { orderedRules } from './rules/ordered-rules.ts';
import { judgeStatus } from './rules/status-rules.ts';

/** Rules that are in no table, because they examine more than phrases. */
const otherRules: Readonly<Record<string, ErrorClass>> = {
  'status.no_answer': 'connection',
  'body.content_filter': 'bad_request',
  ...resetRules,
  ...envoyFlagRules,
  none: 'other',
};

/**
 * Ids of all rules by the class that they give: first those of the tables, in the order of decisions, then those for a
 * status, then the others. Each class has at least one rule.
 */
export function ruleIdsByClass(): ReadonlyMap<ErrorClass, readonly string[]> {
  const ids = new Map<string, Set<string>>(errorClassNames.map((name) => [name, new Set<string>()]));
  for (const rule of orderedRules) ids.get(rule.class)?.add(rule.id);
  for (let status = 400; status < 600; status++) {
    const judged = judgeStatus(status);
    if (judged !== null) ids.get(judged.class)?.add(judged.rule);
  }
  for (const [id, name] of Object.entries(otherRules)) ids.get(name)?.add(id);
  return new Map(errorClassNames.map((name) => [name, [...(ids.get(name) ?? [])]]));
}
