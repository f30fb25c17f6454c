import { createHmac } from 'node:crypto';
import type { ReceiverAnswer, CreateChannel, Notice } from '../channel.ts';
import { dedupKey, dedupKeyOf } from '../channel.ts';
import { hostOf, post, whyNot } from '../http.ts';
import { resolveAddress } from '../resolve-address.ts';

/** The JSON body of a webhook; docs/notifications.md describes it for receivers. */
export function webhookBody(notice: Notice): object {
  return {
    version: 1,
    event: notice.event,
    idempotency_key: notice.key,
    dedup_key: dedupKeyOf(notice),
    receiver: notice.receiver,
    sent_at: new Date(notice.sent_at * 1000).toISOString(),
    title: notice.title,
    text: notice.text,
    url: notice.url,
    incidents: notice.incidents.map((incident) => ({ dedup_key: dedupKey(incident), incident })),
  };
}

/**
 * The signature of the Standard Webhooks specification, which libraries in many languages verify: `v1,` and the base64
 * of HMAC-SHA256 over `id.timestamp.body`. A secret that begins with `whsec_` is base64. Pure.
 */
export function signature(secret: string, id: string, timestamp: number, body: string): string {
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret);
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}

/** Any HTTP receiver. */
export const createWebhook: CreateChannel<'webhook'> = (_name, settings, context) => ({
  type: 'webhook',
  groups: true,
  tells_past: true,
  where: async () => hostOf(await resolveAddress(settings.url, context)),
  async send(notice): Promise<ReceiverAnswer> {
    try {
      const url = await resolveAddress(settings.url, context);
      const secret = settings.secret === undefined ? '' : await context.secret(settings.secret);
      const body = JSON.stringify(webhookBody(notice));
      const timestamp = Math.floor(notice.sent_at);
      const headers = {
        'webhook-id': notice.key,
        'webhook-timestamp': String(timestamp),
        'idempotency-key': notice.key,
        ...(secret === '' ? {} : { 'webhook-signature': signature(secret, notice.key, timestamp, body) }),
      };
      return await post({ url, body, headers, secrets: [secret] }, context);
    } catch (error) {
      return { ok: false, text: whyNot(error, context.timeoutMs) };
    }
  },
});
