import type { Dashboard } from '../panel.ts';
import { openIncidents, openIncidentsTable, verdicts } from './incidents.ts';
import { errorShare, freshness, providerShare, requests, uselessRetries } from './totals.ts';
import { topCallers, topMessages, topModels } from './tables.ts';
import {
  errorShareOverTime,
  failuresByClass,
  failuresByFault,
  quota,
  retryShare,
  slowDown,
} from './trends.ts';

/** The first page to look at when something fails: is it us or them, and who must act? */
export const overview: Dashboard = {
  uid: 'faultline-overview',
  title: 'faultline / Overview',
  question: 'Is it us or them, and who has to act?',
  rows: [
    { title: 'Now', panels: [requests, errorShare, openIncidents, providerShare, uselessRetries, freshness] },
    { title: 'Open incidents', panels: [openIncidentsTable] },
    {
      title: 'Us or them',
      panels: [failuresByClass, failuresByFault, errorShareOverTime, retryShare, verdicts],
    },
    { title: 'Slow Down and quota', panels: [slowDown, quota] },
    { title: 'Where and who', panels: [topModels, topCallers, topMessages] },
  ],
};
