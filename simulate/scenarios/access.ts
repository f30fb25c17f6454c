import type { Caller } from '../caller.ts';
import { fakeKey } from '../caller.ts';
import { createRandom } from '../random.ts';
import type { SimulatedFault, Scenario } from '../scenario.ts';
import { harborline, ORG, SEARCH } from './harborline.ts';
import { EVENT_AT, MINUTE, OPENAI, twoHours } from './two-hours.ts';

function refusal(fault: Partial<SimulatedFault> & Pick<SimulatedFault, 'classes'>): SimulatedFault {
  return {
    kind: 'fault',
    where: OPENAI,
    after_ms: EVENT_AT,
    lasts_ms: 30 * MINUTE,
    share: 1,
    truth: { kind: 'auth_failure', party: 'key' },
    ...fault,
  };
}

const indexer = harborline.filter(({ client }) => client === 'search-indexer');
const indexerKey = indexer[0]?.api_key ?? '';
const random = createRandom('keys of access');

/** A new service with a key that never worked. */
function stranger(client: string, api_key: string, weight: number): Caller[] {
  return indexer.slice(0, 1).map((caller) => ({
    ...caller,
    client,
    api_key,
    weight,
    always: 'incorrect_api_key' as const,
    max_retries: 0,
  }));
}

/** The traffic of one service moves to a new key within ten minutes, without failures. */
function rotated(): Scenario {
  const newKey = fakeKey('openai', random);
  const successors = indexer.map((caller) => ({ ...caller, api_key: newKey, weight: caller.weight * 0.02 }));
  const where = { ...OPENAI, client: 'search-indexer' };
  return twoHours(
    'key-rotation',
    'A service changes its key as it should: no incident.',
    [
      {
        kind: 'load',
        where: { ...where, api_key: indexerKey },
        after_ms: EVENT_AT,
        ramp_ms: 10 * MINUTE,
        lasts_ms: 60 * MINUTE,
        factor: 0,
        truth: null,
      },
      {
        kind: 'load',
        where: { ...where, api_key: newKey },
        after_ms: EVENT_AT,
        ramp_ms: 10 * MINUTE,
        lasts_ms: 60 * MINUTE,
        factor: 50,
        truth: null,
      },
    ],
    { callers: [...harborline, ...successors] },
  );
}

/**
 * How long a caller that does not exist yet is silent. In the last minute of this time its rate grows to the usual
 * rate, so the caller sends at its usual rate from one minute after `EVENT_AT`.
 */
const SILENT_MS = EVENT_AT + MINUTE;

/** Keys, membership, addresses and regions. */
export const accessScenarios: readonly Scenario[] = [
  twoHours('key-revoked', 'A key that worked is refused from one moment on.', [
    refusal({ where: { ...OPENAI, api_key: indexerKey }, classes: ['incorrect_api_key'] }),
  ]),
  twoHours(
    'key-wrong',
    'A new deployment comes with a key that never worked.',
    [
      {
        kind: 'load',
        where: { client: 'new-service' },
        after_ms: 0,
        ramp_ms: 1,
        lasts_ms: SILENT_MS,
        factor: 0,
        truth: null,
      },
      {
        kind: 'load',
        where: { client: 'new-service' },
        after_ms: EVENT_AT,
        ramp_ms: 1,
        lasts_ms: 50 * MINUTE,
        factor: 1.000_001,
        truth: { kind: 'auth_failure', party: 'key', scope: { ...OPENAI, client: 'new-service' } },
      },
    ],
    { callers: [...harborline, ...stranger('new-service', fakeKey('openai', random), 6)] },
  ),
  twoHours('membership-lost', 'The account of one project is no longer a member of its organization.', [
    refusal({
      where: { ...OPENAI, project: SEARCH },
      classes: ['not_org_member'],
      truth: { kind: 'auth_failure', party: 'account' },
    }),
  ]),
  twoHours('address-refused', 'Requests of one service come from an address that is not allowed.', [
    refusal({
      where: { ...OPENAI, client: 'invoice-reader' },
      classes: ['ip_not_authorized'],
      truth: { kind: 'auth_failure', party: 'network' },
    }),
  ]),
  twoHours(
    'key-probing',
    'One client tries many keys that do not exist.',
    [
      {
        kind: 'load',
        where: { client: 'unknown-script' },
        after_ms: 0,
        ramp_ms: 1,
        lasts_ms: SILENT_MS,
        factor: 0,
        truth: null,
      },
      {
        kind: 'load',
        where: { client: 'unknown-script' },
        after_ms: EVENT_AT,
        ramp_ms: 1,
        lasts_ms: 50 * MINUTE,
        factor: 1.000_001,
        truth: { kind: 'auth_failure', party: 'key', scope: { ...OPENAI, client: 'unknown-script' } },
      },
    ],
    {
      callers: [
        ...harborline,
        ...Array.from({ length: 40 }, () =>
          stranger('unknown-script', fakeKey('openai', random), 0.1),
        ).flat(),
      ],
    },
  ),
  rotated(),
  twoHours('region-blocked', 'Requests of one region are refused: the country is not supported.', [
    refusal({
      where: { ...OPENAI, region: 'ap-southeast-2' },
      classes: ['unsupported_region'],
      truth: { kind: 'region_blocked', party: 'region' },
    }),
  ]),
  twoHours('model-access-lost', 'A project loses the access to a model.', [
    refusal({
      where: { provider: 'openai', org: ORG, project: 'proj_documents', model: 'gpt-5-mini' },
      classes: ['permission_denied'],
      truth: { kind: 'error_surge', party: 'account' },
    }),
  ]),
];
