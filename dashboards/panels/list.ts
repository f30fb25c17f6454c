import type { Dashboard } from '../panel.ts';
import { incidentPage } from './incident-page.ts';
import { keysPage } from './keys-page.ts';
import { overview } from './overview-page.ts';
import { pipelinePage } from './pipeline-page.ts';
import { providersPage } from './providers-page.ts';
import { quotaPage } from './quota-page.ts';
import { slowDownPage } from './slow-down-page.ts';

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
