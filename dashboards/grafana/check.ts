import { z } from 'zod';
import type { BuiltFile } from './build.ts';
import { checkAlerting, type PanelIds } from './check-alerting.ts';
import { checkDashboard } from './check-dashboard.ts';

const withPanels = z.object({
  uid: z.string(),
  title: z.string(),
  panels: z.array(z.object({ id: z.number() })),
  templating: z.object({ list: z.array(z.object({ name: z.string() })) }),
});

/** All errors in the generated files, one line each with the name of the file; empty when there are none. */
export function checkFiles(files: readonly BuiltFile[]): string[] {
  const dashboards = files.filter(({ path }) => path.startsWith('dashboards/'));
  const alerting = files.filter(({ path }) => path.startsWith('alerting/'));
  const read = dashboards.flatMap(({ content }) => withPanels.safeParse(content).data ?? []);
  const panels: PanelIds = new Map(read.map((one) => [one.uid, new Set(one.panels.map(({ id }) => id))]));
  const variables = new Map(
    read.map(({ uid, templating }) => [uid, new Set(templating.list.map(({ name }) => name))]),
  );
  const titles = new Set(read.map(({ title }) => title));
  const problems = dashboards.flatMap(({ path, content }) =>
    checkDashboard(content, variables).map((problem) => `${path}: ${problem}`),
  );
  if (panels.size !== dashboards.length) problems.push('dashboards: two dashboards have one uid');
  else if (titles.size !== panels.size) problems.push('dashboards: two dashboards have one title');
  problems.push(
    ...checkAlerting(
      alerting.map(({ content }) => content),
      panels,
    ).map((problem) => `alerting: ${problem}`),
  );
  return problems;
}

/** How the files on disk differ from what the code builds. `committed`: the text of each file on disk, by its path. */
export function compareFiles(
  built: readonly { path: string; text: string }[],
  committed: ReadonlyMap<string, string>,
): string[] {
  const expected = new Set(built.map(({ path }) => path));
  return [
    ...built.flatMap(({ path, text }) => {
      const found = committed.get(path);
      if (found === undefined) return [`${path} is missing`];
      return found === text ? [] : [`${path} differs from what the code builds`];
    }),
    ...[...committed.keys()]
      .filter((path) => !expected.has(path))
      .map((path) => `${path} is built by nothing`),
  ];
}
