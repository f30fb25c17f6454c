import { z } from 'zod';
import { alerting, type FileRule, groupRules, type RuleGroup, ruleGroups } from './alerting.ts';
import type { BuiltFile } from './build.ts';
import { type GrafanaAnswer, type Call, caller, type GrafanaAddress, GrafanaError, shown } from './client.ts';
import { differences } from './differences.ts';
import { clickhouseType } from './query.ts';

export { type GrafanaAddress, GrafanaError } from './client.ts';

/** One change in Grafana that `push` made, or that a dry run would make. */
export interface PushStep {
  /** Such as `dashboard faultline-overview`. */
  what: string;
  change: 'create' | 'update' | 'delete' | 'unchanged';
  /** How Grafana's object differs from ours, one line per place. */
  differences: readonly string[];
}

export interface PushOptions {
  docsUrl: string;
  /** True: `push` only reads, and returns the changes that it would make. */
  dryRun: boolean;
}

/** Uid of faultline's folder. `push` changes nothing outside this folder. */
const folderUid = 'faultline';

/**
 * Makes the folder of a Grafana equal to what the code builds, over its HTTP API: folder, dashboards, groups of alert
 * rules. An object that is already equal is not sent, so a second push changes nothing. A dashboard of faultline that
 * the code no longer builds is deleted. Contact points and policies are not sent, because all teams share one policy
 * tree. Throws `GrafanaError`.
 */
export async function push(
  grafana: GrafanaAddress,
  dashboards: readonly BuiltFile[],
  options: PushOptions,
): Promise<PushStep[]> {
  const place: Place = { call: caller(grafana), where: `Grafana at ${shown(grafana.url)}`, ...options };
  await findDataSource(place);
  const folder = await bringFolder(place);
  const steps = [folder];
  for (const { content } of dashboards) steps.push(await bringDashboard(place, content, 1));
  if (folder.change !== 'create') steps.push(...(await removeOld(place, dashboards)));
  for (const group of ruleGroups) steps.push(await bringGroup(place, group, 1));
  return steps;
}

interface Place extends PushOptions {
  call: Call;
  where: string;
}

const sourceAnswer = z.object({ type: z.string() });

async function findDataSource({ call, where }: Place): Promise<void> {
  const { status, body } = await call(
    'GET',
    `/api/datasources/uid/${alerting.dataSourceUid}`,
    undefined,
    [404],
  );
  const has = status === 404 ? 'no data source' : `a data source of type ${typeOf(body)}`;
  if (has.endsWith(clickhouseType)) return;
  throw new GrafanaError(
    'no_data_source',
    `${where} has ${has} with uid ${alerting.dataSourceUid}, which the alert rules query; add one of type ClickHouse with this uid (deploy/grafana/provisioning/datasources/clickhouse.yaml shows it)`,
  );
}

function typeOf(body: unknown): string {
  return sourceAnswer.safeParse(body).data?.type ?? 'unknown';
}

const folderList = z.array(z.object({ uid: z.string(), title: z.string() }));

async function bringFolder(place: Place): Promise<PushStep> {
  const { call, where, dryRun } = place;
  const what = `folder ${alerting.folder}`;
  const own = `/api/folders/${folderUid}`;
  if ((await call('GET', own, undefined, [404])).status !== 404)
    return { what, change: 'unchanged', differences: [] };
  // A folder with this title and another uid belongs to somebody else. Grafana may refuse or accept a second folder of
  // this title, so `push` stops here.
  const { body } = await call('GET', '/api/folders?limit=1000');
  const same = folderList
    .safeParse(body)
    .data?.find(({ title }) => title.toLowerCase() === alerting.folder.toLowerCase());
  if (same !== undefined) {
    throw new GrafanaError(
      'not_ours',
      `${where} has a folder called ${same.title} with uid ${same.uid}, which is not the one of faultline (uid ${folderUid}); rename it, or move its content and delete it`,
    );
  }
  if (dryRun) return { what, change: 'create', differences: [] };
  // 409 and 412 mean that another push created the folder first.
  const made = await call('POST', '/api/folders', { uid: folderUid, title: alerting.folder }, [409, 412]);
  if (made.status >= 400 && (await call('GET', own, undefined, [404])).status === 404) {
    throw new GrafanaError(
      'not_ours',
      `${where} does not create the folder ${alerting.folder} (${made.status}: ${messageOf(made)}); look for another folder of this title`,
    );
  }
  return { what, change: 'create', differences: [] };
}

const dashboardAnswer = z.object({
  dashboard: z.looseObject({ version: z.number().optional(), schemaVersion: z.number().optional() }),
  meta: z.object({ folderUid: z.string().optional(), provisioned: z.boolean().optional() }),
});

/** `tries`: how often to start again when somebody else saved the dashboard meanwhile. */
async function bringDashboard(
  place: Place,
  content: Record<string, unknown>,
  tries: number,
): Promise<PushStep> {
  const { call, where, dryRun } = place;
  const uid = String(content['uid']);
  const what = `dashboard ${uid}`;
  const found = await call('GET', `/api/dashboards/uid/${uid}`, undefined, [404]);
  const there = found.status === 404 ? undefined : dashboardAnswer.safeParse(found.body).data;
  if (found.status !== 404 && there === undefined) throw strange(where, `/api/dashboards/uid/${uid}`);
  if (there !== undefined && there.meta.folderUid !== folderUid) {
    throw new GrafanaError(
      'not_ours',
      `${where} has the ${what} in another folder (uid ${there.meta.folderUid ?? 'none'}); move or delete it, because only the folder ${alerting.folder} is changed`,
    );
  }
  if (there?.meta.provisioned === true) {
    throw new GrafanaError(
      'not_ours',
      `${where} has the ${what} from a provisioned file; change it there, or remove the file before you push`,
    );
  }
  const changed = there === undefined ? [] : dashboardDifferences(there.dashboard, content);
  if (there !== undefined && changed.length === 0) return { what, change: 'unchanged', differences: [] };
  const step: PushStep = { what, change: there === undefined ? 'create' : 'update', differences: changed };
  if (dryRun) return step;
  const sent = await call(
    'POST',
    '/api/dashboards/db',
    {
      dashboard: { ...content, id: null, version: there?.dashboard.version ?? 0 },
      folderUid,
      overwrite: false,
      message: 'faultline dashboards push',
    },
    [409, 412],
  );
  if (sent.status < 400) return step;
  if (tries > 0 && statusOf(sent) !== 'name-exists') return bringDashboard(place, content, tries - 1);
  throw new GrafanaError(
    'conflict',
    statusOf(sent) === 'name-exists'
      ? `${where} has another dashboard called ${JSON.stringify(content['title'])} in the folder ${alerting.folder}; rename or delete it`
      : `${where} does not accept the ${what} (${sent.status}: ${messageOf(sent)}); somebody else is saving it, push again`,
  );
}

/** A newer Grafana raises the version of the schema by itself, which is not a difference. */
function dashboardDifferences(theirs: Record<string, unknown>, ours: Record<string, unknown>): string[] {
  const newer = Number(theirs['schemaVersion'] ?? 0) > Number(ours['schemaVersion'] ?? 0);
  return differences(theirs, newer ? { ...ours, schemaVersion: theirs['schemaVersion'] } : ours);
}

const searchAnswer = z.array(z.object({ uid: z.string(), folderUid: z.string().optional() }));

async function removeOld(place: Place, dashboards: readonly BuiltFile[]): Promise<PushStep[]> {
  const { call, dryRun } = place;
  const ours = new Set(dashboards.map(({ content }) => content['uid']));
  const { body } = await call('GET', `/api/search?type=dash-db&folderUIDs=${folderUid}&limit=1000`);
  const old = (searchAnswer.safeParse(body).data ?? []).filter(
    (one) => one.folderUid === folderUid && one.uid.startsWith('faultline-') && !ours.has(one.uid),
  );
  const steps: PushStep[] = [];
  for (const { uid } of old) {
    if (!dryRun) await call('DELETE', `/api/dashboards/uid/${uid}`, undefined, [404]);
    steps.push({ what: `dashboard ${uid}`, change: 'delete', differences: [] });
  }
  return steps;
}

async function bringGroup(place: Place, group: RuleGroup, tries: number): Promise<PushStep> {
  const { call, where, dryRun, docsUrl } = place;
  const what = `alert rules ${group.name}`;
  const path = `/api/v1/provisioning/folder/${folderUid}/rule-groups/${group.name}`;
  const ours = apiGroup(group, docsUrl);
  const found = await call('GET', path, undefined, [404]);
  const changed = found.status === 404 ? [] : differences(found.body, ours);
  if (found.status !== 404 && changed.length === 0) return { what, change: 'unchanged', differences: [] };
  const step: PushStep = { what, change: found.status === 404 ? 'create' : 'update', differences: changed };
  if (dryRun) return step;
  const sent = await call('PUT', path, ours, [409, 412]);
  if (sent.status < 400) return step;
  if (tries > 0) return bringGroup(place, group, tries - 1);
  throw new GrafanaError(
    'conflict',
    `${where} does not accept the ${what} (${sent.status}: ${messageOf(sent)}); a rule with the same uid is elsewhere or comes from a file, or somebody else is saving it`,
  );
}

/** A group of rules as the HTTP API takes it: the same rules as in the file, with some fields under other names. */
export function apiGroup(
  group: RuleGroup,
  docsUrl: string,
): { title: string; folderUid: string; interval: number; rules: Record<string, unknown>[] } {
  return {
    title: group.name,
    folderUid,
    interval: group.intervalSeconds,
    rules: groupRules(group, docsUrl).map((rule) => apiRule(rule, group.name)),
  };
}

function apiRule({ dashboardUid: _uid, panelId: _panel, ...same }: FileRule, ruleGroup: string) {
  return { ...same, folderUID: folderUid, ruleGroup, orgID: 1 };
}

const refusal = z.object({ message: z.string().optional(), status: z.string().optional() });

function statusOf({ body }: GrafanaAnswer): string | undefined {
  return refusal.safeParse(body).data?.status;
}

function messageOf({ body }: GrafanaAnswer): string {
  return (refusal.safeParse(body).data?.message ?? 'no reason given').replaceAll(/\s+/g, ' ').slice(0, 300);
}

function strange(where: string, path: string): GrafanaError {
  return new GrafanaError(
    'refused',
    `${where} answers ${path} unlike Grafana; check grafana.url and that its version is 11 or later`,
  );
}
