import type { Dashboard } from '../panel.ts';
import { incidentPage } from './incident-page.ts';
import { keysPage } from './keys.ts';
import { overview } from './overview.ts';
import { pipelinePage } from './pipeline-page.ts';
import { providersPage } from './providers.ts';
import { quotaPage } from './quota.ts';
import { slowDownPage } from './slow-down.ts';

/** All dashboards; the one to open first comes first. */
export const dashboards: readonly Dashboard[] = [
  overview,
  slowDownPage,
  quotaPage,
  keysPage,
  providersPage,
  pipelinePage,
  incidentPage,
];
