import type { NotifySettings, ReceiverSettings } from '../../domain/notify-settings.ts';
import type { Channel, ChannelContext } from './channel.ts';
import { createAlertmanager } from './channels/alertmanager.ts';
import { createEmail } from './channels/email.ts';
import { createPagerduty } from './channels/pagerduty.ts';
import { createSlack } from './channels/slack.ts';
import { createWebhook } from './channels/webhook.ts';

/** The channels of the settings by name of the receiver. */
export function createChannels({ receivers }: NotifySettings, context: ChannelContext): Map<string, Channel> {
  return new Map(
    Object.entries(receivers).map(([name, settings]) => [name, create(name, settings, context)]),
  );
}

function create(name: string, settings: ReceiverSettings, context: ChannelContext): Channel {
  switch (settings.type) {
    case 'alertmanager':
      return createAlertmanager(name, settings, context);
    case 'webhook':
      return createWebhook(name, settings, context);
    case 'slack':
      return createSlack(name, settings, context);
    case 'pagerduty':
      return createPagerduty(name, settings, context);
    case 'email':
      return createEmail(name, settings, context);
  }
}
