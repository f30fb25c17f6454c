/**
 * The address of the runbooks. The compose file mounts the folder `docs/` among Grafana's static files, so this is a
 * path of Grafana. `dashboards build|push --docs-url` sets another address.
 */
export const defaultDocsUrl = '/public/faultline';

/** Address of the page of an error class. */
export function runbookUrl(docsUrl: string, name: string): string {
  return pageUrl(docsUrl, `errors/${name}.md`);
}

/** Address of any page; `path` is below `docs/`. */
export function pageUrl(docsUrl: string, path: string): string {
  return `${docsUrl.replace(/\/+$/, '')}/${path}`;
}
