/**
 * Where the runbooks are found: the folder `docs/`, which the compose file mounts into Grafana's own static files.
 * A path is relative to Grafana; `dashboards build|push --docs-url` takes any other address.
 */
export const defaultDocsUrl = '/public/faultline';

/** Address of the page of an error class under the address of the documentation. */
export function runbookUrl(docsUrl: string, name: string): string {
  return pageUrl(docsUrl, `errors/${name}.md`);
}

/** Address of any page, `path` below `docs/`. */
export function pageUrl(docsUrl: string, path: string): string {
  return `${docsUrl.replace(/\/+$/, '')}/${path}`;
}
