import type { PanelColumn, FilterVariable } from '../panel.ts';
import { variableLabels } from './variables.ts';

/** Columns that several tables have, with the width of their values. */

/** A column whose values can be clicked to filter the page. */
export function filterColumn(variable: FilterVariable, uid?: string): PanelColumn {
  const title = variableLabels[variable];
  return {
    name: variable,
    title,
    unit: 'text',
    chars: variable === 'model' ? 24 : 14,
    link: {
      to: 'filter',
      title: `Only this ${title.toLowerCase()}`,
      variable,
      ...(uid === undefined ? {} : { uid }),
    },
  };
}

/** The title of a class, with a link to its runbook. */
export function classColumn(name: string, title: string): PanelColumn {
  return {
    name,
    title,
    unit: 'text',
    chars: 24,
    wraps: true,
    words: 'class',
    link: { to: 'runbook', title: 'Open the runbook' },
  };
}

/** The fingerprint of a key: `sk-proj…abcd#1234abcd`. */
export const keyColumn: PanelColumn = { name: 'api_key', title: 'Key', unit: 'text', chars: 21 };
export const clientColumn: PanelColumn = { name: 'client', title: 'Client', unit: 'text', chars: 18 };
export const regionColumn: PanelColumn = { name: 'region', title: 'Region', unit: 'text', chars: 14 };

export const calls: PanelColumn = { name: 'calls', title: 'Requests', unit: 'count' };
export const failures: PanelColumn = { name: 'failures', title: 'Failed', unit: 'count' };
export const share: PanelColumn = { name: 'share', title: 'Share', unit: 'ratio' };
export const useless: PanelColumn = { name: 'useless_retries_sent', title: 'Useless retries', unit: 'count' };

/** The title of a kind of incident. */
export const kindColumn: PanelColumn = {
  name: 'kind',
  title: 'Incident',
  unit: 'text',
  chars: 22,
  words: 'kind',
};
export const partyColumn: PanelColumn = {
  name: 'verdict_party',
  title: 'Who must act',
  unit: 'text',
  chars: 16,
  words: 'party',
};
/** The id of an incident, with a link to its page. */
export const idColumn: PanelColumn = {
  name: 'id',
  title: 'Id',
  unit: 'text',
  chars: 16,
  link: { to: 'incident', title: 'Timeline, evidence and plan' },
};
