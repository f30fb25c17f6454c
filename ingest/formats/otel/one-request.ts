import { firstText } from '../format.ts';
import { claudeCode } from './claude-code.ts';
import { codex, codexStream, joinStreams } from './codex.ts';
import { conventions, DETAILS_EVENT, EXCEPTION_EVENT } from './conventions.ts';
import { geminiCli } from './gemini-cli.ts';
import { openInference } from './openinference.ts';
import { eventName, type OtlpItem, parentKey, spanKey } from './otlp.ts';
import { vercelAiSdk } from './vercel-ai-sdk.ts';
import type { JudgedItem, OtelRequest, ItemVerdict, OtelVocabulary } from './vocabulary.ts';

/**
 * The vocabularies in the order in which they are tried. The conventions come last, because other vocabularies use
 * their names, too. A new emitter needs one file and one line here.
 */
const vocabularies: readonly OtelVocabulary[] = [
  codexStream,
  codex,
  claudeCode,
  geminiCli,
  openInference,
  vercelAiSdk,
  conventions,
];
/**
 * At most this many spans above a request are examined. No instrumentation nests deeper, and the limit ends a circle of
 * spans.
 */
const HIGHEST = 64;
const EMBEDDING = /embed/i;

/**
 * The verdict for each item of a message, in order. One item of each request has the verdict `request`; the end of a
 * stream of Codex may have it, too (`joinStreams`).
 */
export function judgeItems(items: readonly OtlpItem[]): JudgedItem[] {
  return withoutSurrounding(withoutTwins(items.map(judge)));
}

/**
 * The requests of one message, each once, and the verdicts of the items that are skipped. Items that have nothing to do
 * with requests are left out.
 */
export function requestsOf(items: readonly OtlpItem[]): { requests: OtelRequest[]; skipped: ItemVerdict[] } {
  const judged = judgeItems(items);
  const skipped = judged
    .map(({ verdict }) => verdict)
    .filter((verdict) => !['request', 'other'].includes(verdict));
  return { requests: joinStreams(judged), skipped };
}

function judge(item: OtlpItem): JudgedItem {
  for (const vocabulary of vocabularies) {
    const verdict = vocabulary.judge(item);
    if (verdict !== null) return { item, vocabulary, verdict };
  }
  return { item, vocabulary: conventions, verdict: 'other' };
}

/**
 * A failed call writes two events for one span: its details and its exception. They are one request, and the exception
 * describes it.
 */
function withoutTwins(judged: readonly JudgedItem[]): JudgedItem[] {
  const failed = new Set(
    judged.filter(({ item }) => eventName(item) === EXCEPTION_EVENT).map(({ item }) => spanKey(item)),
  );
  failed.delete('');
  return judged.map((one) =>
    one.verdict === 'request' && eventName(one.item) === DETAILS_EVENT && failed.has(spanKey(one.item))
      ? { ...one, verdict: 'told_elsewhere' }
      : one,
  );
}

/**
 * When a request surrounds another, both describe one call: there may be two instrumentations, or a chain that calls
 * itself a model. Only the inner one counts, because it is nearest to the network. With a tool between them they are
 * two calls, and both count.
 */
function withoutSurrounding(judged: readonly JudgedItem[]): JudgedItem[] {
  const spans = new Map<string, JudgedItem>();
  const toldElsewhere = new Set<JudgedItem>();
  for (const one of judged) {
    const key = one.item.kind === 'span' ? spanKey(one.item) : '';
    // An exporter that tries again may send a span twice in one message.
    if (spans.has(key)) toldElsewhere.add(one);
    else if (key !== '') spans.set(key, one);
  }
  const ofRetrieval = new Set<JudgedItem>();
  for (const one of spans.values()) {
    if (one.verdict !== 'request') continue;
    const around = nearest(one, spans);
    if (around?.verdict === 'request') toldElsewhere.add(around);
    if (around?.verdict === 'retrieval' && isEmbedding(one.item)) ofRetrieval.add(one);
  }
  return judged.map((one) => {
    if (toldElsewhere.has(one) && one.verdict === 'request') return { ...one, verdict: 'told_elsewhere' };
    return ofRetrieval.has(one) ? { ...one, verdict: 'retrieval' } : one;
  });
}

/**
 * The nearest surrounding span that is a request, a retrieval, an agent or a tool; null when this message has none.
 * Null also in a circle of spans, where each span would surround the others and none would count.
 */
function nearest(one: JudgedItem, spans: ReadonlyMap<string, JudgedItem>): JudgedItem | null {
  let found: JudgedItem | null = null;
  let around = spans.get(parentKey(one.item));
  for (let height = 0; around !== undefined && height < HIGHEST; height++) {
    if (around === one) return null;
    if (['request', 'retrieval', 'agent_or_tool'].includes(around.verdict)) found ??= around;
    around = spans.get(parentKey(around.item));
  }
  return found;
}

function isEmbedding({ attributes, item }: OtlpItem): boolean {
  const kind = firstText(attributes.get('openinference.span.kind'), attributes.get('gen_ai.operation.name'));
  return EMBEDDING.test(kind ?? firstText(item['name']) ?? '');
}
