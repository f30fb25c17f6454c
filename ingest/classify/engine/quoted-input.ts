/** Matches words of the caller that an answer quotes, with the noun before them. */
const QUOTED = new RegExp(
  [
    String.raw`\b(?:models?|deployment|engine|parameter|argument|field|property|value|file|tool|function|unmarshal|but (?:got|received|found))`,
    String.raw`(?: (?:named|object|name|id))?(?: ?: ?| )`,
    String.raw`(\\{0,4}["'\`])(?=[^"'\`\\{}]{4,200}\1)[^"'\`\\{}]+`,
  ].join(''),
  'gi',
);

/**
 * Replaces each value that an answer quotes from the request by a text of the same length. Otherwise an answer that
 * says that there is no model `rate_limit_exceeded` would be judged as a rate limit. Pure.
 */
export function withoutQuotedInput(text: string): string {
  return text.replace(QUOTED, (match, quote: string) => {
    const start = match.lastIndexOf(quote) + quote.length;
    return match.slice(0, start) + 'x'.repeat(match.length - start);
  });
}
