import type { PanelLink } from '../panel.ts';

/** The way from a panel of the overview to its neighbour, with the same time range and filters. */
export const toLimits: PanelLink = {
  to: 'dashboard',
  title: 'Slow Down and quota, same filters',
  uid: 'faultline-limits',
};

/** The way back. */
export const toOverview: PanelLink = {
  to: 'dashboard',
  title: 'Overview, same filters',
  uid: 'faultline-overview',
};
