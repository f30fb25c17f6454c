import { firstText } from '../format.ts';
import { conventions } from './conventions.ts';
import { joinNames, type OtelVocabulary } from './vocabulary.ts';

/**
 * Operations that are one try at the provider: `ai.generateText.doGenerate`, `ai.streamText.doStream`,
 * `ai.embedMany.doEmbed`, …
 */
const ONE_TRY = /^ai\.\w+\.do[A-Z]/;

/**
 * Spans of the Vercel AI SDK, versions 3.3 to 6; version 7 writes the semantic conventions by default. The outer span
 * of a call (`ai.generateText`) surrounds an inner span for each try and each step; only the inner spans are requests.
 */
export const vercelAiSdk: OtelVocabulary = {
  judge: ({ kind, item, attributes }) => {
    if (kind !== 'span') return null;
    // Version 7 uses the same names for some spans, but describes them as the conventions do: `conventions` judges
    // them.
    const name = attributes.has('gen_ai.operation.name') ? undefined : item['name'];
    const operation = firstText(attributes.get('ai.operationId'), name);
    if (operation === undefined || !operation.startsWith('ai.')) return null;
    if (ONE_TRY.test(operation)) return 'request';
    return /tool/i.test(operation) ? 'agent_or_tool' : 'step';
  },
  names: joinNames(
    {
      provider: ['gen_ai.provider.name', 'gen_ai.system', 'ai.model.provider'],
      model: ['gen_ai.request.model', 'ai.model.id', 'ai.response.model'],
      endpoint: ['ai.operationId'],
      request_id: ['gen_ai.response.id', 'ai.response.id'],
      ttft_ms: ['ai.response.msToFirstChunk'],
      input_tokens: ['ai.usage.inputTokens', 'ai.usage.promptTokens', 'ai.usage.tokens'],
      output_tokens: ['ai.usage.outputTokens', 'ai.usage.completionTokens'],
    },
    conventions.names,
  ),
  failed: (item) =>
    item.attributes.get('ai.response.finishReason') === 'error' || conventions.failed?.(item) === true,
};
