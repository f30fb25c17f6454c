/**
 * The address of the runbooks: the folder `docs/`, which the compose file mounts among Grafana's own static files, so
 * the path is relative to Grafana. `dashboards build|push --docs-url` takes any other address.
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
