import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { buildFiles } from './build.ts';
import { push } from './push.ts';
import { clickhouseType } from './query.ts';

interface Seen {
  method: string;
  path: string;
  authorization: string | undefined;
  body: Record<string, unknown>;
}
/** `raw`: a text that is sent instead of `body`. */
type Answer = { status: number; body?: unknown; raw?: string };

let server: Server | undefined;

afterEach(async () => {
  await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
  server = undefined;
});

const dashboards = buildFiles().filter(({ path }) => path.startsWith('dashboards/'));
const uids = dashboards.map(({ content }) => String(content['uid']));
const secret = 'glsa_very-secret-token';
const send = (url: string, dryRun = false) =>
  push({ url, token: secret }, dashboards, { docsUrl: '/public/faultline', dryRun });
const changes = async (url: string, dryRun = false) =>
  Object.groupBy(await send(url, dryRun), ({ change }) => change);

/** A Grafana in memory that answers as its API is documented: versions, conflicts, folders, missing objects. */
function grafana() {
  const state = {
    folders: [] as { uid: string; title: string }[],
    dashboards: new Map<
      string,
      { dashboard: Record<string, unknown>; folderUid: string; provisioned?: boolean }
    >(),
    groups: new Map<string, Record<string, unknown>>(),
    sourceType: clickhouseType as string | null,
    /** Called before a dashboard is saved, so that a test can let another client save it first. */
    beforeSave: (_uid: string): void => undefined,
  };
  const ok = (body: unknown = {}): Answer => ({ status: 200, body });
  const none: Answer = { status: 404, body: { message: 'not found' } };
  const saveDashboard = (body: Record<string, unknown>): Answer => {
    const dashboard = body['dashboard'] as Record<string, unknown>;
    const uid = String(dashboard['uid']);
    state.beforeSave(uid);
    if (!state.folders.some((one) => one.uid === body['folderUid']))
      return { status: 404, body: { message: 'folder not found' } };
    const before = state.dashboards.get(uid);
    const sameTitle = [...state.dashboards.values()].some(
      (one) =>
        one.folderUid === body['folderUid'] &&
        one.dashboard['title'] === dashboard['title'] &&
        one !== before,
    );
    if (sameTitle) return { status: 412, body: { status: 'name-exists', message: 'the same title exists' } };
    if (
      before !== undefined &&
      body['overwrite'] !== true &&
      dashboard['version'] !== before.dashboard['version']
    )
      return {
        status: 412,
        body: { status: 'version-mismatch', message: 'The dashboard has been changed by someone else' },
      };
    const version = Number(before?.dashboard['version'] ?? 0) + 1;
    // Grafana adds an id, a version and the schema of its own version.
    const saved = { ...dashboard, id: 7, version, schemaVersion: 99 };
    state.dashboards.set(uid, { dashboard: saved, folderUid: String(body['folderUid']) });
    return ok({ uid, version, status: 'success' });
  };
  const answer = ({ method, path, body }: Seen): Answer => {
    if (path.startsWith('/api/datasources/uid/'))
      return state.sourceType === null ? none : ok({ uid: 'clickhouse', type: state.sourceType });
    if (path === '/api/folders' && method === 'POST') {
      const folder = { uid: String(body['uid']), title: String(body['title']) };
      if (state.folders.some(({ uid }) => uid === folder.uid))
        return { status: 412, body: { message: 'uid exists' } };
      if (state.folders.some(({ title }) => title === folder.title))
        return { status: 409, body: { message: 'a folder with that name already exists' } };
      state.folders.push(folder);
      return ok(folder);
    }
    if (path.startsWith('/api/folders?')) return ok(state.folders);
    if (path.startsWith('/api/folders/')) {
      const folder = state.folders.find(({ uid }) => path.endsWith(`/${uid}`));
      return folder === undefined ? none : ok(folder);
    }
    if (path === '/api/dashboards/db') return saveDashboard(body);
    if (path.startsWith('/api/dashboards/uid/')) {
      const uid = path.split('/').at(-1) ?? '';
      const found = state.dashboards.get(uid);
      if (found === undefined) return none;
      if (method === 'DELETE') state.dashboards.delete(uid);
      const { dashboard, folderUid, provisioned = false } = found;
      return ok({ dashboard, meta: { folderUid, provisioned } });
    }
    if (path.startsWith('/api/search?')) {
      return ok(
        [...state.dashboards]
          .map(([uid, { folderUid }]) => ({ uid, folderUid }))
          .filter((one) => path.includes(`folderUIDs=${one.folderUid}&`)),
      );
    }
    const group = /rule-groups\/([\w-]+)$/.exec(path)?.[1];
    if (group === undefined) return none;
    if (method === 'GET') {
      const found = state.groups.get(group);
      return found === undefined ? none : ok(found);
    }
    const rules: Record<string, unknown>[] = (body['rules'] as Record<string, unknown>[]).map((one, id) => ({
      ...one,
      id,
      provenance: 'api',
    }));
    // Grafana leaves out fields with an empty value.
    for (const one of rules) if (one['isPaused'] === false) delete one['isPaused'];
    state.groups.set(group, { ...body, rules });
    return ok(body);
  };
  return { state, answer };
}

describe('push', () => {
  test('creates folder, dashboards and rules in an empty Grafana, and sends the token', async () => {
    const { state, answer } = grafana();
    const { url, seen } = await fakeGrafana(answer);
    const made = await changes(`${url}/`);
    expect(Object.keys(made)).toEqual(['create']);
    expect(state.folders).toEqual([{ uid: 'faultline', title: 'faultline' }]);
    expect([...state.dashboards.keys()]).toEqual(uids);
    expect([...state.groups.keys()]).toEqual(['faultline-incidents', 'faultline-pipeline']);
    expect(new Set(seen.map(({ authorization }) => authorization))).toEqual(new Set([`Bearer ${secret}`]));
  });

  test('writes nothing the second time', async () => {
    const { answer } = grafana();
    const { url, seen } = await fakeGrafana(answer);
    await send(url);
    seen.length = 0;
    expect(Object.keys(await changes(url))).toEqual(['unchanged']);
    expect(new Set(seen.map(({ method }) => method))).toEqual(new Set(['GET']));
  });

  test('a dry run says what differs, and writes nothing', async () => {
    const { state, answer } = grafana();
    const { url, seen } = await fakeGrafana(answer);
    await send(url);
    const overview = state.dashboards.get('faultline-overview');
    if (overview !== undefined) overview.dashboard['title'] = 'My overview';
    const group = state.groups.get('faultline-incidents') as { interval: number };
    group.interval = 60;
    seen.length = 0;
    const { update = [] } = await changes(url, true);
    expect(update).toEqual([
      {
        what: 'dashboard faultline-overview',
        change: 'update',
        differences: ['title: "My overview" -> "faultline / Overview"'],
      },
      { what: 'alert rules faultline-incidents', change: 'update', differences: ['interval: 60 -> 10'] },
    ]);
    expect(new Set(seen.map(({ method }) => method))).toEqual(new Set(['GET']));
  });

  test('a dry run on an empty Grafana creates nothing', async () => {
    const { state, answer } = grafana();
    const { url } = await fakeGrafana(answer);
    expect(Object.keys(await changes(url, true))).toEqual(['create']);
    expect([state.folders.length, state.dashboards.size, state.groups.size]).toEqual([0, 0, 0]);
  });

  test('a change made by hand is undone, starting from the version in Grafana', async () => {
    const { state, answer } = grafana();
    const { url } = await fakeGrafana(answer);
    await send(url);
    const overview = state.dashboards.get('faultline-overview');
    Object.assign(overview?.dashboard ?? {}, { title: 'My overview', version: 12 });
    expect((await changes(url)).update?.map(({ what }) => what)).toEqual(['dashboard faultline-overview']);
    expect(state.dashboards.get('faultline-overview')?.dashboard).toMatchObject({
      title: 'faultline / Overview',
      version: 13,
    });
  });

  test('when somebody else saves the dashboard at the same moment, push tries once more, then reports it', async () => {
    const { state, answer } = grafana();
    const { url } = await fakeGrafana(answer);
    await send(url);
    const dashboard = () => state.dashboards.get('faultline-overview')?.dashboard ?? {};
    dashboard()['title'] = 'My overview';
    let left = 1;
    state.beforeSave = () => {
      if (left > 0) dashboard()['version'] = Number(dashboard()['version']) + 1;
      left -= 1;
    };
    expect((await changes(url)).update).toHaveLength(1);
    dashboard()['title'] = 'My overview';
    left = 2;
    await expect(send(url)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/412: The dashboard has been changed by someone else\); .*push again$/),
    });
  });

  test('a dashboard of faultline that the code does not build is deleted; those of others stay', async () => {
    const { state, answer } = grafana();
    const { url } = await fakeGrafana(answer);
    await send(url);
    const page = { dashboard: { title: 'x' }, folderUid: 'faultline' };
    state.dashboards.set('faultline-old', page);
    state.dashboards.set('theirs', page);
    state.dashboards.set('faultline-elsewhere', { ...page, folderUid: 'other' });
    expect((await changes(url)).delete?.map(({ what }) => what)).toEqual(['dashboard faultline-old']);
    expect([...state.dashboards.keys()].slice(-2)).toEqual(['theirs', 'faultline-elsewhere']);
  });

  test("a folder of the same title with another uid is somebody else's, and the message says so", async () => {
    const { state, answer } = grafana();
    const { url, seen } = await fakeGrafana(answer);
    state.folders.push({ uid: 'abc123', title: 'Faultline' });
    for (const dryRun of [true, false]) {
      await expect(send(url, dryRun)).rejects.toMatchObject({
        code: 'not_ours',
        message: expect.stringMatching(/has a folder called Faultline with uid abc123, .*rename it/),
      });
    }
    expect(seen.every(({ method }) => method === 'GET')).toBe(true);
  });

  test.each([409, 412])(
    'a folder that another push creates at the same moment (%i) is accepted',
    async (status) => {
      const { state, answer } = grafana();
      const { url } = await fakeGrafana((one) => {
        if (one.method !== 'POST' || one.path !== '/api/folders') return answer(one);
        state.folders.push({ uid: 'faultline', title: 'faultline' });
        return { status, body: { message: 'exists' } };
      });
      expect((await changes(url)).create).toHaveLength(1 + uids.length + 2);
    },
  );

  test('a folder that Grafana refuses is reported as refused, not as missing', async () => {
    const { answer } = grafana();
    const { url } = await fakeGrafana((one) =>
      one.method === 'POST' ? { status: 409, body: { message: 'exists in the trash' } } : answer(one),
    );
    await expect(send(url)).rejects.toThrow(
      /does not create the folder faultline \(409: exists in the trash\)/,
    );
  });

  test.each([
    ['in another folder', { folderUid: 'other' }, /in another folder \(uid other\)/],
    ['from a provisioned file', { folderUid: 'faultline', provisioned: true }, /from a provisioned file/],
  ])('a dashboard of our uid %s is left alone', async (_name, meta, message) => {
    const { state, answer } = grafana();
    const { url } = await fakeGrafana(answer);
    state.folders.push({ uid: 'faultline', title: 'faultline' });
    state.dashboards.set('faultline-overview', { dashboard: { title: 'x' }, ...meta });
    await expect(send(url)).rejects.toMatchObject({
      code: 'not_ours',
      message: expect.stringMatching(message),
    });
    expect(state.dashboards.get('faultline-overview')?.dashboard).toEqual({ title: 'x' });
  });

  test('another dashboard of the same title in the folder is named', async () => {
    const { state, answer } = grafana();
    const { url } = await fakeGrafana(answer);
    state.folders.push({ uid: 'faultline', title: 'faultline' });
    state.dashboards.set('theirs', { dashboard: { title: 'faultline / Overview' }, folderUid: 'faultline' });
    await expect(send(url)).rejects.toThrow(/another dashboard called "faultline \/ Overview" in the folder/);
  });

  test('a rule with the same uid elsewhere is reported with the reason that Grafana gives', async () => {
    const { answer } = grafana();
    const { url } = await fakeGrafana((one) =>
      one.method === 'PUT' ? { status: 409, body: { message: 'rule uid is taken' } } : answer(one),
    );
    await expect(send(url)).rejects.toThrow(
      /does not accept the alert rules faultline-incidents \(409: rule uid is taken\)/,
    );
  });

  test('a Grafana below a path gets its requests below that path', async () => {
    const { answer } = grafana();
    const { url, seen } = await fakeGrafana((one) =>
      answer({ ...one, path: one.path.replace('/monitoring', '') }),
    );
    await send(`${url}/monitoring`);
    expect(seen.every(({ path }) => path.startsWith('/monitoring/api/'))).toBe(true);
  });

  test.each([
    [null, /^Grafana at http:\/\/127\.0\.0\.1:\d+ has no data source with uid clickhouse/],
    ['prometheus', /has a data source of type prometheus with uid clickhouse/],
  ])('with data source %s nothing is sent; the message names the one to add', async (type, message) => {
    const { state, answer } = grafana();
    state.sourceType = type;
    const { url, seen } = await fakeGrafana(answer);
    await expect(send(url)).rejects.toMatchObject({
      code: 'no_data_source',
      message: expect.stringMatching(message),
    });
    expect(seen).toHaveLength(1);
  });

  test.each([
    [401, 'unauthorized', /does not accept the token \(401\); set grafana\.token/],
    [403, 'unauthorized', /does not let the token do GET \/api\/datasources\/uid\/clickhouse \(403\)/],
    [302, 'refused', /answered 302 .*a redirect; check grafana\.url/],
    [500, 'refused', /answered 500 .*: database is locked/],
  ])('answer %i becomes one line that says what to do, without the token', async (status, code, message) => {
    const { url } = await fakeGrafana(() => ({ status, body: { message: 'database is\nlocked' } }));
    const error = await send(url).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(String(error)).not.toContain('\n');
    expect(String(error)).not.toContain(secret);
  });

  test('a refused rule group is reported with the reason that Grafana gives', async () => {
    const { answer } = grafana();
    const { url } = await fakeGrafana((one) =>
      one.method === 'PUT' ? { status: 400, body: { message: 'invalid rule: for' } } : answer(one),
    );
    await expect(send(url)).rejects.toThrow(/answered 400 to PUT .*: invalid rule: for$/);
  });

  test('an answer that is not from Grafana is reported as such', async () => {
    const { url } = await fakeGrafana(() => ({ status: 418, body: undefined }));
    await expect(send(url)).rejects.toThrow(/418 .*check that this is a Grafana/);
  });

  test.each([
    ['GET', '<html>Log in</html>'],
    ['GET', ''],
    ['GET', '{"type": "grafana-click'],
    ['POST', '<html>Log in</html>'],
    ['PUT', '<html>Log in</html>'],
    ['PUT', ''],
  ])('a %s that is answered with 200 and %j is an error', async (wrong, raw) => {
    const { answer } = grafana();
    const { url } = await fakeGrafana((one) => (one.method === wrong ? { status: 200, raw } : answer(one)));
    await expect(send(url)).rejects.toThrow(
      new RegExp(
        `answered 200 to ${wrong} .* with something else than JSON; check that grafana.url leads to Grafana`,
      ),
    );
  });

  test('if nothing listens, the error is one line with the address but without credentials', async () => {
    const { url } = await fakeGrafana(() => ({ status: 200 }));
    await new Promise((resolve) => server?.close(resolve));
    server = undefined;
    const error = await send(url).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'unreachable' });
    expect(String(error)).toMatch(
      /http:\/\/127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\); check grafana\.url/,
    );
    const withPassword = await send(url.replace('//', '//admin:hunter2@')).catch((thrown: unknown) => thrown);
    expect(String(withPassword)).not.toContain('hunter2');
  });
});

async function fakeGrafana(answer: (seen: Seen) => Answer): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const listening = createServer((request, response) => {
    void readBody(request).then((text) => {
      const one: Seen = {
        method: request.method ?? '',
        path: request.url ?? '',
        authorization: request.headers.authorization,
        body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
      };
      seen.push(one);
      const { status, body = {}, raw = status === 418 ? '<html>' : undefined } = answer(one);
      response.writeHead(status, { 'content-type': 'application/json', location: '/login' });
      response.end(raw ?? JSON.stringify(body));
    });
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(listening.address() as AddressInfo).port}`, seen };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
