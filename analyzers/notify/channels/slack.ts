import type { ReceiverAnswer, CreateChannel, Notice } from '../channel.ts';
import { hostOf, post, whyNot } from '../http.ts';
import { resolveAddress } from '../resolve-address.ts';

/**
 * The body for a chat: only `text`, which Slack and compatible services (Mattermost, Rocket.Chat, Discord's /slack) all
 * show.
 */
export function slackBody({ event, incidents, title, text, url }: Notice): object {
  const isCritical = incidents.some(({ severity }) => severity === 'critical');
  const mark = event === 'resolved' ? ':white_check_mark:' : isCritical ? ':rotating_light:' : ':warning:';
  const rest = text.startsWith(title) ? text.slice(title.length) : `\n${text}`;
  const link = url === '' ? '' : `\n<${url}|Open>`;
  return { text: `${mark} *${escapeText(title)}*${escapeText(rest)}${link}` };
}

/** Escapes the three characters that have a meaning in Slack's texts. */
function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** A chat with an incoming webhook. Its address is the secret. */
export const createSlack: CreateChannel<'slack'> = (_name, settings, context) => ({
  type: 'slack',
  groups: true,
  tells_past: true,
  where: async () => hostOf(await resolveAddress(settings.url, context)),
  async send(notice): Promise<ReceiverAnswer> {
    try {
      const url = await resolveAddress(settings.url, context);
      const body = JSON.stringify(slackBody(notice));
      return await post({ url, body, headers: { 'idempotency-key': notice.key }, secrets: [] }, context);
    } catch (error) {
      return { ok: false, text: whyNot(error, context.timeoutMs) };
    }
  },
});
