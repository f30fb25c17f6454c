import type { IncidentsAnswer } from '../../dashboards/console/v1/incidents.ts';
import type { PipelineAnswer } from '../../dashboards/console/v1/pipeline.ts';
import type { TrendsAnswer } from '../../dashboards/console/v1/trends.ts';
import type { AskApi } from '../ask/ask-api.ts';
import type { TopData } from './frame.ts';

/** What a view shows, asked anew. `source` is what is read, for people. Throws an error with one line for the reader. */
export async function askTop(ask: AskApi, by: string, source: string): Promise<TopData> {
  const [trends, open] = (await Promise.all([
    ask({ route: '/trends', query: { from: 'now-15m', step: '60', by, errors_only: 'true', limit: '40' } }),
    ask({ route: '/incidents', query: { state: 'open' } }),
  ])) as [TrendsAnswer, IncidentsAnswer];
  return { source, present: Date.parse(trends.to), trends, incidents: open.incidents };
}

/** What the asked process reads itself; null: nothing. Throws as `askTop`. */
export async function askSource(ask: AskApi): Promise<PipelineAnswer['source']> {
  const { source } = (await ask({ route: '/pipeline' })) as PipelineAnswer;
  return source;
}
