import type { IncidentsAnswer } from '../../dashboards/console/v1/incidents.ts';
import type { PipelineAnswer } from '../../dashboards/console/v1/pipeline.ts';
import type { TrendsAnswer } from '../../dashboards/console/v1/trends.ts';
import type { AskApi } from '../ask/ask-api.ts';
import type { TopData } from './frame.ts';

/** Asks for the data of a view. `source` is the name of what is read. Throws an error with one line for the user. */
export async function askTop(ask: AskApi, by: string, source: string): Promise<TopData> {
  const [trends, open] = (await Promise.all([
    ask({ route: '/trends', query: { from: 'now-15m', step: '60', by, errors_only: 'true', limit: '40' } }),
    ask({ route: '/incidents', query: { state: 'open' } }),
  ])) as [TrendsAnswer, IncidentsAnswer];
  return { source, present: Date.parse(trends.to), trends, incidents: open.incidents };
}

/** The source that the asked process reads; null: none. Throws as `askTop` does. */
export async function askSource(ask: AskApi): Promise<PipelineAnswer['source']> {
  const { source } = (await ask({ route: '/pipeline' })) as PipelineAnswer;
  return source;
}
