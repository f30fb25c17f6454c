import type { ErrorClass } from '../../domain/error-class.ts';
import type { Decision } from './decide.ts';

/**
 * Envoy's response flags (https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage,
 * `%RESPONSE_FLAGS%`) that tell a class by themselves, with the rule's id.
 */
const rules: ReadonlyMap<string, { rule: string; class: ErrorClass }> = new Map([
  ['UO', { rule: 'envoy.overflow', class: 'engine_overloaded' }],
  ['RL', { rule: 'envoy.rate_limited', class: 'rate_limit' }],
  ['UF', { rule: 'envoy.no_connection', class: 'connection' }],
  ['UC', { rule: 'envoy.broken', class: 'connection' }],
  ['UR', { rule: 'envoy.broken', class: 'connection' }],
  ['UPE', { rule: 'envoy.broken', class: 'connection' }],
  ['UT', { rule: 'envoy.timeout', class: 'timeout' }],
  ['SI', { rule: 'envoy.timeout', class: 'timeout' }],
  ['UMSDR', { rule: 'envoy.timeout', class: 'timeout' }],
  ['DC', { rule: 'envoy.caller_left', class: 'other' }],
  ['NR', { rule: 'envoy.no_route', class: 'not_found' }],
  ['UH', { rule: 'envoy.no_host', class: 'server_error' }],
  ['UAEX', { rule: 'envoy.refused', class: 'permission_denied' }],
]);
const flags = /^[A-Z]{2,5}(?:,[A-Z]{2,5})*$/;
const LONGEST = 40;

/** The rules that are no line of a table. */
export const envoyFlagRules: Readonly<Record<string, ErrorClass>> = Object.fromEntries(
  [...rules.values()].map(({ rule, class: name }) => [rule, name]),
);

/** What a text says that is nothing but Envoy's flags, such as `UF,URX`: the first that tells something; else null. */
export function envoyFlagReading(text: string): Decision | null {
  if (text.length > LONGEST || !flags.test(text)) return null;
  for (const flag of text.split(',')) {
    const known = rules.get(flag);
    if (known !== undefined) return known;
  }
  return null;
}
