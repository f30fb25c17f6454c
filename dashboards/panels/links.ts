import type { PanelLink } from '../panel.ts';

/** A link from a panel to another dashboard, with the same time range and filters. */
const neighbour = (uid: string, title: string): PanelLink => ({
  to: 'dashboard',
  title: `${title}, same filters`,
  uid,
});

export const toOverview = neighbour('faultline-overview', 'Overview');
export const toSlowDown = neighbour('faultline-slow-down', 'Slow Down');
export const toQuota = neighbour('faultline-limits', 'Quota and limits');
export const toKeys = neighbour('faultline-keys', 'Keys and access');
export const toProviders = neighbour('faultline-providers', 'Providers and latency');
export const toPipeline = neighbour('faultline-pipeline', 'Pipeline');

/** A link in a panel's title to the page of a class. */
export const runbook = (name: string, title: string): PanelLink => ({
  to: 'runbook',
  title: `Runbook: ${title}`,
  class: name,
});

export const slowDownRunbook = runbook('slow_down', 'Slow Down');
export const quotaRunbook = runbook('quota_exceeded', 'quota');
export const rateLimitRunbook = runbook('rate_limit', 'rate limits');
export const serverErrorRunbook = runbook('server_error', 'server errors');
export const keyRunbook = runbook('incorrect_api_key', 'wrong keys');
export const regionRunbook = runbook('unsupported_region', 'regions');
