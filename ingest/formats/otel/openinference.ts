import { firstText } from '../format.ts';
import { conventions } from './conventions.ts';
import { joinNames, type ItemVerdict, type OtelVocabulary } from './vocabulary.ts';

/**
 * The verdict for each kind of span. A reranker is not a request: it usually runs locally, and its span does not show
 * whether it calls an API.
 */
const KINDS: Readonly<Record<string, ItemVerdict>> = {
  LLM: 'request',
  EMBEDDING: 'request',
  AGENT: 'agent_or_tool',
  TOOL: 'agent_or_tool',
  RETRIEVER: 'retrieval',
  RERANKER: 'retrieval',
  CHAIN: 'step',
  PROMPT: 'step',
  GUARDRAIL: 'step',
  EVALUATOR: 'step',
};
const MODEL = ['llm.request.model_name', 'llm.model_name', 'llm.response.model_name', 'embedding.model_name'];

/** OpenInference (Arize Phoenix and the instrumentations around it). Source: its `spec/semantic_conventions.md`. */
export const openInference: OtelVocabulary = {
  judge: ({ kind, attributes }) => {
    if (kind !== 'span') return null;
    const spanKind = firstText(attributes.get('openinference.span.kind'))?.toUpperCase();
    if (spanKind !== undefined && spanKind !== 'UNKNOWN') return KINDS[spanKind] ?? 'other';
    return MODEL.some((name) => attributes.has(name)) ? 'request' : null;
  },
  names: joinNames(
    {
      provider: ['llm.provider', 'llm.system'],
      model: MODEL,
      input_tokens: ['llm.token_count.prompt'],
      output_tokens: ['llm.token_count.completion'],
      cost_usd: ['llm.cost.total'],
    },
    conventions.names,
  ),
};
