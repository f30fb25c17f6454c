import { factsOf } from '../../../domain/incident-kind.ts';
import type { Incident } from '../../../domain/incident.ts';
import type { DeliveryEvent } from '../../../store/queries/notifications.ts';
import type { ReceiverAnswer, ChannelContext, CreateChannel } from '../channel.ts';
import { hostOf, post, whyNot } from '../http.ts';
import { resolveAddress } from '../resolve-address.ts';
import { incidentText } from '../text.ts';

/** Alertmanager ends an alert that is not repeated for this many seconds. The notifier repeats it once a minute. */
const ENDS_AFTER_SECONDS = 300;
/** Most alerts in one request that repeats alerts. */
const AT_ONCE = 200;

/**
 * An alert of Alertmanager's API v2. Labels make its identity, so they hold only what never changes in the life of an
 * incident. The label `severity` is that of the kind; the severity of the incident, its scope and its verdict can
 * change and are annotations. `now` is epoch seconds.
 */
export function alertOf(incident: Incident, event: DeliveryEvent, now: number, url: string): object {
  const { id, kind, scope, severity, verdict, remedy, started_at } = incident;
  const { title, text } = incidentText(incident, event, now);
  const end = event === 'resolved' ? now : now + ENDS_AFTER_SECONDS;
  return {
    labels: {
      alertname: factsOf(kind).title,
      kind,
      incident: id,
      severity: factsOf(kind).severity,
      source: 'faultline',
      ...(scope.provider === undefined ? {} : { provider: scope.provider }),
      ...(scope.org === undefined ? {} : { org: scope.org }),
    },
    annotations: {
      summary: title,
      description: text,
      severity,
      party: verdict.party,
      why: verdict.why,
      scope: JSON.stringify(scope),
      runbook: remedy.docs,
    },
    startsAt: started_at,
    endsAt: new Date(end * 1000).toISOString(),
    ...(url === '' ? {} : { generatorURL: url }),
  };
}

/** Alertmanager; it groups, repeats and silences by itself. */
export const createAlertmanager: CreateChannel<'alertmanager'> = (_name, settings, context) => {
  const postAlerts = async (alerts: readonly object[]): Promise<ReceiverAnswer> => {
    try {
      const base = await resolveAddress(settings.url, context);
      const url = `${base.replace(/\/+$/, '')}/api/v2/alerts`;
      const { header, secrets } = await authorization(settings, context);
      return await post({ url, body: JSON.stringify(alerts), headers: header, secrets }, context);
    } catch (error) {
      return { ok: false, text: whyNot(error, context.timeoutMs) };
    }
  };
  return {
    type: 'alertmanager',
    groups: false,
    tells_past: false,
    where: async () => hostOf(await resolveAddress(settings.url, context)),
    send: ({ incidents, event, sent_at, url }) =>
      postAlerts(incidents.map((incident) => alertOf(incident, event, sent_at, url))),
    async refresh(incidents, now) {
      for (let i = 0; i < incidents.length; i += AT_ONCE) {
        const part = incidents.slice(i, i + AT_ONCE);
        const answer = await postAlerts(part.map((incident) => alertOf(incident, 'firing', now, '')));
        if (!answer.ok) return answer;
      }
      return { ok: true, text: `${incidents.length} repeated` };
    },
  };
};

async function authorization(
  { user, password, token }: Parameters<typeof createAlertmanager>[1],
  { secret }: ChannelContext,
): Promise<{ header: Record<string, string>; secrets: string[] }> {
  if (token !== undefined) {
    const value = await secret(token);
    return { header: { authorization: `Bearer ${value}` }, secrets: [value] };
  }
  if (password === undefined) return { header: {}, secrets: [] };
  const value = await secret(password);
  const basic = Buffer.from(`${user ?? ''}:${value}`).toString('base64');
  return { header: { authorization: `Basic ${basic}` }, secrets: [value, basic] };
}
