import { z } from 'zod';
import { partyNames } from './incident.ts';
import { incidentKindNames } from './incident-kind.ts';

/** Environment variables and flags are texts. */
const toNumber = (v: unknown) =>
  typeof v === 'string' && v.trim() !== '' && !Number.isNaN(Number(v)) ? Number(v) : v;
const integer = (min: number, max: number) => z.preprocess(toNumber, z.number().int().min(min).max(max));

/** A wrong value of such a member is not shown: it may be the secret itself. */
const hidden = { params: { secret: true } };
const REFERENCE = /^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/;

/** Where a secret is to be found; the secret itself never stands in the settings. */
const secretReference = z.string().refine((v) => REFERENCE.test(v), {
  error: 'env:NAME or file:/path, which is where the secret is; it does not stand here itself',
  ...hidden,
});
/** An address that may be a secret itself, as those of chats are. */
const address = z.string().refine((v) => REFERENCE.test(v) || isPlainUrl(v), {
  error: 'an http:// or https:// address without user and password, or env:NAME or file:/path',
  ...hidden,
});
const text = z.string().min(1);
const texts = z.array(text).min(1);
const email = z.string().regex(/^[^\s@<>]+@[^\s@<>]+$/, 'an e-mail address');

export const receiverTypes = ['alertmanager', 'webhook', 'slack', 'pagerduty', 'email'] as const;
export type ReceiverType = (typeof receiverTypes)[number];

const basic = { user: z.string().optional(), password: secretReference.optional() };
const receiver = z.discriminatedUnion(
  'type',
  [
    z.strictObject({
      type: z.literal('alertmanager'),
      url: address,
      ...basic,
      token: secretReference.optional(),
    }),
    z.strictObject({ type: z.literal('webhook'), url: address, secret: secretReference.optional() }),
    // Whoever has the address may write: it is a secret.
    z.strictObject({ type: z.literal('slack'), url: secretReference }),
    z.strictObject({
      type: z.literal('pagerduty'),
      routing_key: secretReference,
      url: address.default('https://events.pagerduty.com/v2/enqueue'),
    }),
    z
      .strictObject({
        type: z.literal('email'),
        smtp: z
          .string()
          .regex(/^(\[[0-9A-Fa-f:.]+\]|[^\s:/,@]+):\d{1,5}$/, 'host:port, such as mail.example.com:587'),
        tls: z.enum(['starttls', 'tls', 'none']).default('starttls'),
        ...basic,
        from: email,
        to: z.array(email).min(1),
      })
      .refine((v) => v.tls !== 'none' || v.password === undefined, {
        path: ['tls'],
        error: 'starttls or tls where there is a password: it would be sent in the clear',
      }),
  ],
  { error: `a receiver whose type is one of ${receiverTypes.join(', ')}` },
);
export type ReceiverSettings = z.infer<typeof receiver>;

/** Scope members that a route or a silence may name. */
export const scopeNames = [
  'provider',
  'org',
  'project',
  'key',
  'client',
  'region',
  'model',
  'class',
] as const;
export type ScopeName = (typeof scopeNames)[number];

const oneOrMore = <T extends z.ZodType>(item: T) =>
  z.union([item.transform((one) => [one]), z.array(item).min(1)]);
const named = <const T extends readonly [string, ...string[]]>(names: T) =>
  z.array(z.enum(names, { error: `one of ${names.join(', ')}` })).min(1);

const route = z.strictObject({
  /** Absent members match all. */
  kind: named(incidentKindNames).optional(),
  severity: named(['info', 'warning', 'critical']).optional(),
  party: named(partyNames).optional(),
  scope: z.partialRecord(z.enum(scopeNames), oneOrMore(text)).optional(),
  receivers: texts,
  group_by: z.array(z.enum([...scopeNames, 'kind'])).default([]),
  /** 0: every incident is a message of its own. */
  group_seconds: integer(0, 3_600).default(0),
  /** 0: what fires is told once. */
  repeat_seconds: integer(0, 2_592_000).default(14_400),
  resolved: z.boolean().default(true),
});
export type RouteSettings = z.infer<typeof route>;

/** The section `notify` of the settings. What stands in lists and maps is explained in docs/notifications.md. */
export const notifySettings = z
  .strictObject({
    receivers: z
      .record(z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'lower-case letters, digits, - and _'), receiver)
      .default({})
      .describe(
        'Who is told of incidents: name -> {type, ...}; only in a file, see docs/notifications.md. Empty: nobody.',
      )
      .meta({ structured: 'docs/notifications.md' }),
    routes: z
      .array(route)
      .default([])
      .describe(
        'Which incidents go to which receivers; the first route that matches decides. Empty: everything goes to all receivers.',
      )
      .meta({ structured: 'docs/notifications.md' }),
    history_seconds: integer(60, 2_592_000)
      .default(3_600)
      .describe('What ended, or was last seen, longer ago is history: recorded and shown, not sent.'),
    give_up_seconds: integer(60, 2_592_000)
      .default(86_400)
      .describe('A message that a receiver has not taken for so long is given up, and reported.'),
    url: z
      .string()
      .refine(
        (v) => v === '' || isPlainUrl(v),
        'an http:// or https:// address without user and password, or empty',
      )
      .default('')
      .describe('Address of the console or of Grafana, which messages link to. Empty: no link.'),
    docs_url: z
      .string()
      .refine(
        (v) => v === '' || isPlainUrl(v),
        'an http:// or https:// address without user and password, or empty',
      )
      .default('')
      .describe(
        'Address below which the folder docs/ is served; messages link to runbooks there. Empty: they name the page.',
      ),
  })
  .superRefine(({ receivers, routes }, context) => {
    const names = Object.keys(receivers);
    routes.forEach((one, i) =>
      one.receivers.forEach((name, j) => {
        if (Object.hasOwn(receivers, name)) return;
        const known =
          names.length === 0
            ? 'a receiver, and notify.receivers has none'
            : `one of notify.receivers: ${names.join(', ')}`;
        context.addIssue({ code: 'custom', path: ['routes', i, 'receivers', j], message: known });
      }),
    );
  })
  .prefault({});
export type NotifySettings = z.infer<typeof notifySettings>;

function isPlainUrl(value: string): boolean {
  const url = URL.parse(value);
  return (
    (url?.protocol === 'http:' || url?.protocol === 'https:') && url.username === '' && url.password === ''
  );
}
