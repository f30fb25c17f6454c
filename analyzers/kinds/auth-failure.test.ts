import { expect, test } from 'vitest';
import { play } from '../../tests/fixtures/play.ts';
import { START, type Stream, traffic } from '../../tests/fixtures/traffic.ts';
import { evidenceField } from '../../domain/evidence.ts';
import { authReasons } from './auth/auth-reasons.ts';
import { authFailure } from './auth-failure.ts';

const minute = (n: number): string => new Date((START + n * 60) * 1000).toISOString();
const detectors = [authFailure];
const web: Stream = {
  from: 0,
  to: 120,
  per_minute: 60,
  project: 'shop',
  client: 'web',
  model: 'gpt-5',
  api_key: 'k1',
};
const batch: Stream = { ...web, project: 'docs', client: 'batch', api_key: 'k2', per_minute: 12 };
const whole = { provider: 'openai', org: 'org-acme' };
/** From minute 60 to 80 every request of the stream is refused. */
const refused = (stream: Stream, cls: Stream['class']): Stream[] => [
  { ...stream, to: 60 },
  { ...stream, from: 60, to: 80, ...(cls === undefined ? {} : { class: cls }) },
  { ...stream, from: 80 },
];

/** A stream that is refused in these minutes and sends nothing afterwards. */
const gone = (stream: Stream, cls: Stream['class']): Stream[] => refused(stream, cls).slice(0, 2);

test.each([
  [
    'a key that worked is revoked',
    [web, ...gone(batch, 'incorrect_api_key')],
    'revoked',
    'key',
    { key: 'k2' },
  ],
  [
    'a key that worked is refused whoever uses it',
    [
      web,
      ...gone(batch, 'invalid_authentication'),
      ...gone({ ...batch, client: 'report' }, 'invalid_authentication'),
    ],
    'revoked',
    'key',
    { key: 'k2' },
  ],
  [
    'a key that is revoked works for half a minute more on some servers',
    [web, ...gone(batch, 'incorrect_api_key'), { ...batch, from: 60, to: 60.5 }],
    'revoked',
    'key',
    { key: 'k2' },
  ],
  [
    'a key is refused for a time and works again',
    [web, ...refused(batch, 'incorrect_api_key')],
    'interrupted',
    'key',
    { key: 'k2' },
  ],
  [
    'a key is refused at times, while it succeeds',
    [web, ...refused({ ...batch, per_minute: 24 }, 'incorrect_api_key'), { ...batch, from: 60, to: 80 }],
    'at_times',
    'unknown',
    { key: 'k2' },
  ],
  [
    'one client has five keys, and all are revoked: nobody tries keys',
    [
      web,
      ...['a', 'b', 'c', 'd', 'e'].flatMap((api_key) => gone({ ...batch, api_key }, 'incorrect_api_key')),
    ],
    'revoked',
    'key',
    { project: 'docs', client: 'batch' },
  ],
  [
    'a new service has a key that never worked',
    [web, { ...batch, from: 60, to: 80, api_key: 'k9', class: 'incorrect_api_key' as const }],
    'wrong_key',
    'key',
    { key: 'k9' },
  ],
  [
    'a membership is lost',
    [web, ...refused(batch, 'not_org_member')],
    'membership',
    'account',
    { project: 'docs', client: 'batch' },
  ],
  [
    'an address is refused',
    [web, ...refused({ ...batch, api_key: 'k1', project: 'shop' }, 'ip_not_authorized')],
    'address',
    'network',
    { client: 'batch' },
  ],
  [
    'one client tries many keys',
    [
      web,
      ...Array.from({ length: 30 }, (_, i) => ({
        ...batch,
        client: 'script',
        per_minute: 1,
        from: 60,
        to: 80,
        api_key: `x${i}`,
        class: 'incorrect_api_key' as const,
      })),
    ],
    'probing',
    'key',
    { project: 'docs', client: 'script' },
  ],
] as const)('%s', (_name, streams, reason, party, scope) => {
  const { incidents } = play(traffic(streams), { detectors });
  expect(incidents).toMatchObject([{ verdict: { party }, evidence: { reason } }]);
  expect(incidents[0]?.scope).toMatchObject({ ...whole, ...scope });
  expect(incidents[0]?.resolved_at).toBe(minute(80));
});

test('a key that succeeds while it is refused is not called revoked', () => {
  const streams = [web, ...refused(batch, 'incorrect_api_key'), { ...batch, from: 60, to: 80 }];
  const [incident] = play(traffic(streams), { detectors }).incidents;
  expect(incident?.verdict.why).toBe(
    'Since 11:00:00 UTC 240 of 480 requests with key k2 have been refused, while the same key succeeds: it is not revoked.',
  );
  expect(incident?.evidence).toMatchObject({ succeeded_meanwhile: 236 });
  expect(incident?.remedy).toMatchObject({ retry: 'yes' });
});

test('an incident of a key that works again says from when to when the key was refused', () => {
  const [incident] = play(traffic([web, ...refused(batch, 'incorrect_api_key')]), { detectors }).incidents;
  expect(incident?.verdict.why).toContain(
    'was refused from 11:00:00 UTC to 11:20:00 UTC (240 of 240 requests) and has worked again since 11:20:00 UTC',
  );
  expect(incident?.evidence).toMatchObject({
    last_success_at: minute(60 - 1 / 6),
    works_again_at: minute(80),
  });
});

test('an incident of a wrong key says for how long the log shows no success', () => {
  const streams = [web, { ...batch, from: 60, to: 80, api_key: 'k9', class: 'incorrect_api_key' as const }];
  const [incident] = play(traffic(streams), { detectors }).incidents;
  expect(incident?.verdict.why).toContain(
    '240 of 240 requests since 11:00:00 UTC. It did not succeed in that time or in the hour before',
  );
});

test('a revoked key that is used a lot is found within half a minute of its fifth refusal', () => {
  const { incidents } = play(traffic([web, ...refused(batch, 'incorrect_api_key')]), { detectors });
  expect(Date.parse(incidents[0]?.detected_at ?? '')).toBeLessThanOrEqual(Date.parse(minute(61)));
});

test('a key that is used once a minute is found, too', () => {
  const { incidents } = play(traffic([web, ...refused({ ...batch, per_minute: 1 }, 'incorrect_api_key')]), {
    detectors,
  });
  expect(incidents).toMatchObject([{ scope: { key: 'k2' } }]);
});

test('two keys that are revoked ten minutes apart are two incidents', () => {
  const other: Stream = { ...web, project: 'search', client: 'index', api_key: 'k3' };
  const { incidents } = play(
    traffic([
      web,
      ...refused(batch, 'incorrect_api_key'),
      { ...other, to: 70 },
      { ...other, from: 70, to: 80, class: 'incorrect_api_key' },
      { ...other, from: 80 },
    ]),
    { detectors },
  );
  expect(incidents.map(({ scope }) => scope.key)).toEqual(['k2', 'k3']);
});

test.each([
  [
    'a laptop with an old key that fails once an hour',
    [web, { ...batch, per_minute: (m: number) => (m % 60 < 1 ? 1 : 0), class: 'incorrect_api_key' as const }],
  ],
  [
    'a key that is replaced without a gap',
    [
      web,
      { ...batch, per_minute: (m: number) => (m < 60 ? 12 : 0) },
      { ...batch, api_key: 'k9', per_minute: (m: number) => (m < 60 ? 0 : 12) },
    ],
  ],
  [
    'four refusals',
    [web, { ...batch, from: 60, to: 61, per_minute: 4, class: 'incorrect_api_key' as const }],
  ],
  [
    'one who tries a wrong key six times within twenty seconds',
    [web, { ...batch, from: 60, to: 60.3, per_minute: 20, class: 'incorrect_api_key' as const }],
  ],
  [
    'a key that has been wrong for long, from the first minute of the counts on',
    [web, { ...batch, per_minute: 1, class: 'incorrect_api_key' as const }],
  ],
  ['calm traffic of a thousand a second', [{ ...web, per_minute: 60_000 }]],
])('%s: no incident', (_name, streams) => {
  expect(play(traffic(streams), { detectors }).incidents).toEqual([]);
});

test('a key that is hammered from the first minute of the counts on is found', () => {
  const rows = traffic([web, { ...batch, client: 'job', api_key: 'k9', class: 'incorrect_api_key' }]);
  expect(play(rows, { detectors }).incidents).toMatchObject([{ scope: { key: 'k9' } }]);
});

test.each<[string, number, number]>([
  ['a few more refusals, by chance, of a key that has been wrong for long are no incident', 1, 0],
  ['the same key, when it is hammered, is an incident', 20, 1],
])('%s', (_name, per_minute, count) => {
  const laptop: Stream = { ...batch, client: 'laptop', api_key: 'old', class: 'incorrect_api_key' };
  const rows = traffic([
    web,
    { ...laptop, per_minute: 0.4, to: 90 },
    { ...laptop, from: 90, to: 96, per_minute },
  ]);
  expect(play(rows, { detectors }).incidents).toHaveLength(count);
});

test('every reason has words', () => {
  const words = evidenceField('reason')?.words ?? {};
  expect(authReasons.filter((reason) => words[reason] === undefined)).toEqual([]);
});
