import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';

/** A file of the page, held in memory. */
export interface Asset {
  type: string;
  body: Buffer;
  etag: string;
}

/** The pages of the console with an address other than `/`. */
const pageNames = ['incidents', 'explore', 'differs', 'errors', 'classes', 'pipeline', 'try'] as const;

const pageFolder = new URL('./page/', import.meta.url);

/**
 * The files of the folder `page/` that are served under their own names. Every script and style that the page loads
 * must be in this list.
 */
const pageFiles = [
  'app.js',
  'base.css',
  'chart-legend.js',
  'chart-options.js',
  'chart-parts.js',
  'chart-pick.js',
  'chart-tip.js',
  'charts.css',
  'charts.js',
  'colors.css',
  'context.js',
  'copy.js',
  'data-table.js',
  'dead-letters.js',
  'dom.js',
  'event-feed.js',
  'events-worker.js',
  'evidence-names.js',
  'failure-facts.js',
  'format.js',
  'freshness.js',
  'header.css',
  'incident-attention.js',
  'incident-card.js',
  'incident-detail.js',
  'incident-list.js',
  'incident-plan.css',
  'incident-table.css',
  'incident-why.js',
  'incidents.css',
  'layout.css',
  'live-events.js',
  'live-header.js',
  'locale.js',
  'log-scale.js',
  'login.css',
  'mark.svg',
  'names.js',
  'notices.css',
  'notices.js',
  'older-failures.js',
  'pacer.js',
  'page-buttons.js',
  'pages.css',
  'pages.js',
  'pages/classes.js',
  'pages/differs.js',
  'pages/errors.js',
  'pages/explore.js',
  'pages/incidents.js',
  'pages/overview.js',
  'pages/pipeline.js',
  'pages/try.js',
  'palette.js',
  'panel-card.js',
  'panel-without-chart.js',
  'panels.css',
  'parts.js',
  'query-bar.js',
  'redraw.js',
  'requests.js',
  'role.js',
  'responsive.css',
  'saved-views.js',
  'share.js',
  'status.js',
  'table.js',
  'theme.js',
  'toolbar.js',
  'try.css',
  'view-state.js',
  'visible-text.js',
] as const;

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Reads the files of the page and uPlot, which draws the charts, once at start. */
export async function readAssets(): Promise<ReadonlyMap<string, Asset>> {
  const assets = new Map<string, Asset>();
  const page = await readAsset(new URL('index.html', pageFolder));
  assets.set('/', page);
  // All addresses return the same document; the page reads from its address what to show.
  for (const name of pageNames) {
    assets.set(`/${name}`, page);
    assets.set(`/${name}/:id`, page);
  }
  for (const file of pageFiles) assets.set(`/${file}`, await readAsset(new URL(file, pageFolder)));
  const uplot = path.dirname(createRequire(import.meta.url).resolve('uplot/package.json'));
  assets.set('/uplot.js', await readAsset(path.join(uplot, 'dist/uPlot.esm.js')));
  assets.set('/uplot.css', await readAsset(path.join(uplot, 'dist/uPlot.min.css')));
  return assets;
}

/** Reads the page that asks for the token. The returned function writes into the page why it asks again. */
export async function readLogin(): Promise<(reason: 'first' | 'wrong' | 'too_many') => string> {
  const html = await readFile(new URL('login.html', pageFolder), 'utf8');
  const texts = {
    first: '',
    wrong:
      'This is no token of this console. It is the value of console.token or console.read_token in the settings.',
    too_many: 'Too many attempts. Wait a minute, then try again.',
  };
  return (reason) => html.replace('{{reason}}', texts[reason]);
}

async function readAsset(file: URL | string): Promise<Asset> {
  const body = await readFile(file);
  const name = typeof file === 'string' ? file : file.pathname;
  return {
    type: types[path.extname(name)] ?? 'application/octet-stream',
    body,
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
  };
}
