import { dashboards } from '../panels/list.ts';
import { defaultDocsUrl } from '../docs-url.ts';
import { contactPointsFile, policiesFile, rulesFile, templatesFile } from './alerting.ts';
import { dashboardJson } from './dashboard.ts';

/** One generated file: its path below the output folder, and its content as an object. */
export interface BuiltFile {
  path: string;
  content: Record<string, unknown>;
}

/** All generated files, dashboards first. The same code always gives the same bytes. */
export function buildFiles(docsUrl: string = defaultDocsUrl): BuiltFile[] {
  return [
    ...dashboards.map((dashboard) => ({
      path: `dashboards/${dashboard.uid}.json`,
      content: dashboardJson(dashboard, docsUrl),
    })),
    { path: 'alerting/contact-points.json', content: contactPointsFile() },
    { path: 'alerting/policies.json', content: policiesFile() },
    { path: 'alerting/templates.json', content: templatesFile() },
    { path: 'alerting/rules.json', content: rulesFile(docsUrl) },
  ];
}

/** The text of a generated file. */
export function fileText(file: BuiltFile): string {
  return `${JSON.stringify(file.content, null, 2)}\n`;
}
