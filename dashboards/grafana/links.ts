import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import * as dash from '@grafana/grafana-foundation-sdk/dashboard';
import { pageUrl, runbookUrl } from '../docs-url.ts';
import { incidentVariable } from '../expand.ts';
import { filterVariables, type PanelLink } from '../panel.ts';

/** Uid of the page of one incident. */
export const incidentUid = 'faultline-incident';

interface LinkPlace {
  docsUrl: string;
  dashboardUid: string;
}

/** The links in a panel's title. */
export function panelLinks(links: readonly PanelLink[], place: LinkPlace): Builder<dash.DashboardLink>[] {
  return links.map((link) => {
    const builder = new dash.DashboardLinkBuilder(link.title)
      .type(dash.DashboardLinkType.Link)
      .url(address(link, place))
      .targetBlank(isPage(link));
    // The other dashboard opens with the same filters and the same time.
    return link.to === 'dashboard' ? builder.keepTime(true).includeVars(true) : builder;
  });
}

/** The link of a table column, as the value of a field override. */
export function columnLink(
  link: PanelLink,
  place: LinkPlace,
): { title: string; url: string; targetBlank: boolean } {
  return { title: link.title, url: address(link, place), targetBlank: isPage(link) };
}

/** Pages open in a new tab: in the same tab, Grafana would treat the path as one of its own pages. */
function isPage({ to }: PanelLink): boolean {
  return to === 'runbook' || to === 'kind';
}

function address(link: PanelLink, place: LinkPlace): string {
  if (link.to === 'runbook') return runbookUrl(place.docsUrl, link.class ?? '${__value.raw}');
  if (link.to === 'kind') return pageUrl(place.docsUrl, 'incidents/${__value.raw}.md');
  if (link.to === 'dashboard') return `/d/${link.uid}`;
  if (link.to === 'incident') {
    return `/d/${incidentUid}?\${__url_time_range}&\${datasource:queryparam}&var-${incidentVariable}=\${__value.raw}`;
  }
  const others = filterVariables
    .filter((name) => name !== link.variable)
    .map((name) => `\${${name}:queryparam}`);
  const parts = [
    '${__url_time_range}',
    '${datasource:queryparam}',
    ...others,
    `var-${link.variable}=\${__value.raw}`,
  ];
  return `/d/${link.uid ?? place.dashboardUid}?${parts.join('&')}`;
}
