import type { Incident } from '../../domain/incident.ts';
import { isoTime } from '../iso-time.ts';
import type { ReceiverAnswer, Channel, Notice } from './channel.ts';
import { noticeText } from './text.ts';

/** An incident to test receivers with; nobody can take it for a real one in any channel. `now` is epoch seconds. */
export function sampleIncident(id: string, now: number): Incident {
  return {
    id,
    kind: 'slow_down_surge',
    state: 'firing',
    severity: 'info',
    scope: { provider: 'TEST', org: 'nothing is wrong' },
    started_at: isoTime(now - 60),
    detected_at: isoTime(now),
    resolved_at: null,
    summary: 'This is a test of faultline: nothing is wrong.',
    verdict: { party: 'unknown', why: 'This is a test of faultline: nothing is wrong.' },
    evidence: { original_requests_per_minute: 120, present_requests_per_minute: 260 },
    remedy: {
      steps: ['Nothing: this is a test.'],
      retry: 'yes',
      owner: 'nobody',
      docs: 'docs/notifications.md',
    },
    sample_request_ids: [],
    related: [],
  };
}

/** What a receiver answered to the beginning and to the end of the sample incident. */
export interface Sampled {
  firing: ReceiverAnswer;
  /** Null: the beginning was not accepted, so the end was not sent. */
  resolved: ReceiverAnswer | null;
}

/**
 * Sends the beginning and then the end of the sample incident, so that no alert stays open. `id` must be new each time.
 * Never throws.
 */
export async function sendSample(
  receiver: string,
  channel: Channel,
  id: string,
  now: () => number,
  settings: { url: string; docs_url: string },
): Promise<Sampled> {
  const began = now();
  const incident = sampleIncident(id, began);
  const notice = (event: Notice['event'], one: Incident): Notice => ({
    key: `${id}-${event}`,
    event,
    receiver,
    incidents: [one],
    ...noticeText([one], event, now(), settings.docs_url),
    url: settings.url,
    sent_at: now(),
  });
  const firing = await channel.send(notice('firing', incident));
  if (!firing.ok) return { firing, resolved: null };
  const over: Incident = { ...incident, state: 'resolved', resolved_at: isoTime(now()) };
  return { firing, resolved: await channel.send(notice('resolved', over)) };
}
