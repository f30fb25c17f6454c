import { factsOf } from '../../../domain/incident-kind.ts';
import type { ReceiverAnswer, CreateChannel, Notice } from '../channel.ts';
import { dedupKeyOf } from '../channel.ts';
import { hostOf, post, whyNot } from '../http.ts';
import { resolveAddress } from '../resolve-address.ts';
import { whereText } from '../text.ts';

/** Longest summary that PagerDuty accepts. */
const LONGEST_SUMMARY = 1_024;

/**
 * An event of PagerDuty's Events API v2. The same `dedup_key` joins the beginning, repeats and the end into one alert.
 */
export function pagerdutyEvent(notice: Notice, routingKey: string): object {
  const [incident] = notice.incidents;
  const common = {
    routing_key: routingKey,
    event_action: notice.event === 'resolved' ? 'resolve' : 'trigger',
    dedup_key: dedupKeyOf(notice),
  };
  if (notice.event === 'resolved' || incident === undefined) return common;
  const { kind, severity, scope, started_at, verdict, evidence, remedy, id } = incident;
  return {
    ...common,
    client: 'faultline',
    ...(notice.url === '' ? {} : { client_url: notice.url }),
    payload: {
      summary: notice.title.slice(0, LONGEST_SUMMARY),
      source: whereText(incident),
      severity,
      timestamp: started_at,
      component: scope.provider ?? '',
      group: scope.org ?? '',
      class: factsOf(kind).title,
      custom_details: { text: notice.text, incident: id, kind, scope, verdict, evidence, remedy },
    },
  };
}

/** PagerDuty, and services that accept its Events API v2. */
export const createPagerduty: CreateChannel<'pagerduty'> = (_name, settings, context) => ({
  type: 'pagerduty',
  groups: false,
  // PagerDuty ignores the end of an alert whose beginning it was not sent.
  tells_past: false,
  where: async () => hostOf(await resolveAddress(settings.url, context)),
  async send(notice): Promise<ReceiverAnswer> {
    try {
      const url = await resolveAddress(settings.url, context);
      const key = await context.secret(settings.routing_key);
      const body = JSON.stringify(pagerdutyEvent(notice, key));
      return await post({ url, body, headers: {}, secrets: [key] }, context);
    } catch (error) {
      return { ok: false, text: whyNot(error, context.timeoutMs) };
    }
  },
});
