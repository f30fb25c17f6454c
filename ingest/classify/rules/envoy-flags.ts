import type { ErrorClass, Fault } from '../../../domain/error-class.ts';
import { type Decision, decisionOf } from './decision.ts';

/**
 * Envoy's response flags (https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage,
 * `%RESPONSE_FLAGS%`) that alone determine a class, with the decision of each.
 */
const rules: ReadonlyMap<string, Decision & { class: ErrorClass }> = new Map([
  ['UO', flag('envoy.overflow', 'engine_overloaded', 'gateway')],
  ['RL', flag('envoy.rate_limited', 'rate_limit', 'gateway')],
  ['UF', flag('envoy.no_connection', 'connection')],
  ['UC', flag('envoy.broken', 'connection')],
  ['UR', flag('envoy.broken', 'connection')],
  ['UPE', flag('envoy.broken', 'connection')],
  ['UT', flag('envoy.timeout', 'timeout')],
  ['SI', flag('envoy.timeout', 'timeout')],
  ['UMSDR', flag('envoy.timeout', 'timeout')],
  ['DC', flag('envoy.caller_left', 'other')],
  ['NR', flag('envoy.no_route', 'not_found')],
  ['UH', flag('envoy.no_host', 'server_error')],
  ['UAEX', flag('envoy.refused', 'permission_denied')],
]);

function flag(rule: string, name: ErrorClass, fault?: Fault): Decision & { class: ErrorClass } {
  return { ...decisionOf(rule, name, { fault }), class: name };
}

const flags = /^[A-Z]{2,5}(?:,[A-Z]{2,5})*$/;
const LONGEST = 40;

/** The rules of these flags by id, because they are in no table. */
export const envoyFlagRules: Readonly<Record<string, ErrorClass>> = Object.fromEntries(
  [...rules.values()].map(({ rule, class: name }) => [rule, name]),
);

/**
 * Judges a text that consists only of Envoy's flags, such as `UF,URX`, by the first flag that determines a class; null
 * for every other text.
 */
export function envoyFlagReading(text: string): Decision | null {
  if (text.length > LONGEST || !flags.test(text)) return null;
  for (const flag of text.split(',')) {
    const known = rules.get(flag);
    if (known !== undefined) return known;
  }
  return null;
}
