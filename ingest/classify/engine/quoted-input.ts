/** What an answer calls the caller's own words before it quotes them. */
const QUOTED = new RegExp(
  [
    String.raw`\b(?:models?|deployment|engine|parameter|argument|field|property|value|file|tool|function|unmarshal|but (?:got|received|found))`,
    String.raw`(?: (?:named|object|name|id))?(?: ?: ?| )`,
    String.raw`(\\{0,4}["'\`])(?=[^"'\`\\{}]{4,200}\1)[^"'\`\\{}]+`,
  ].join(''),
  'gi',
);

/**
 * The text in which each value that an answer quotes from the request is replaced by a text of the same length.
 * Otherwise a model that a caller names `rate_limit_exceeded` would decide the class of the answer that reports this
 * model as unknown. Pure.
 */
export function withoutQuotedInput(text: string): string {
  return text.replace(QUOTED, (match, quote: string) => {
    const start = match.lastIndexOf(quote) + quote.length;
    return match.slice(0, start) + 'x'.repeat(match.length - start);
  });
}
