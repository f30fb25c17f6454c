import { z } from 'zod';
import { partyNames } from './incident.ts';
import { incidentKindNames } from './incident-kind.ts';

/** Environment variables and flags are texts. */
const toNumber = (v: unknown) =>
  typeof v === 'string' && v.trim() !== '' && !Number.isNaN(Number(v)) ? Number(v) : v;
const integer = (min: number, max: number) => z.preprocess(toNumber, z.number().int().min(min).max(max));

/**
 * Error messages do not show the wrong value of a member with this mark, because the value may be the secret itself.
 */
const hidden = { params: { secret: true } };
const REFERENCE = /^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/;

/** Says where to find a secret, such as the name of a variable; the settings never contain the secret itself. */
const secretReference = z.string().refine((v) => REFERENCE.test(v), {
  error: 'env:NAME or file:/path: the place of the secret, never the secret itself',
  ...hidden,
});
/** An address, or the place of an address that must stay secret. */
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
    // Everybody who knows the address can write to the chat, so the address is a secret.
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
        error: 'starttls or tls when there is a password: it would otherwise be sent in clear text',
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
  /** `kind`, `severity`, `party` and `scope` are conditions; an absent condition matches every incident. */
  kind: named(incidentKindNames).optional(),
  severity: named(['info', 'warning', 'critical']).optional(),
  party: named(partyNames).optional(),
  scope: z.partialRecord(z.enum(scopeNames), oneOrMore(text)).optional(),
  receivers: texts,
  group_by: z.array(z.enum([...scopeNames, 'kind'])).default([]),
  /**
   * How long the first message of a group waits for further incidents. 0 without `group_by`: one message for each
   * incident.
   */
  group_seconds: integer(0, 3_600).default(0),
  /** 0: a firing incident is reported once. */
  repeat_seconds: integer(0, 2_592_000).default(14_400),
  resolved: z.boolean().default(true),
});
export type RouteSettings = z.infer<typeof route>;

/** The section `notify` of the settings. docs/notifications.md explains the members of its lists and maps. */
export const notifySettings = z
  .strictObject({
    receivers: z
      .record(z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'lower-case letters, digits, - and _'), receiver)
      .default({})
      .describe(
        'Receivers of messages about incidents: name -> {type, ...}; only in a file, see docs/notifications.md. Empty: no messages are sent.',
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
      .describe(
        'An incident that ended, or was last seen, longer ago than this is recorded and shown, but not sent.',
      ),
    give_up_seconds: integer(60, 2_592_000)
      .default(86_400)
      .describe(
        'A message that a receiver has not accepted for this time is given up, and this is reported.',
      ),
    url: z
      .string()
      .refine(
        (v) => v === '' || isPlainUrl(v),
        'an http:// or https:// address without user and password, or empty',
      )
      .default('')
      .describe('Address of the console or of Grafana that messages link to. Empty: no link.'),
    docs_url: z
      .string()
      .refine(
        (v) => v === '' || isPlainUrl(v),
        'an http:// or https:// address without user and password, or empty',
      )
      .default('')
      .describe(
        'Address of the folder docs/ on your web server; messages link to runbooks there. Empty: they name the page.',
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
