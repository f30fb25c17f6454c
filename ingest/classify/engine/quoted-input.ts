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
 * The text with the values that an answer quotes from the request blanked out, each by a text of the same length: a
 * model that a caller names `rate_limit_exceeded` must not decide the class of the answer that does not know it. Pure.
 */
export function withoutQuotedInput(text: string): string {
  return text.replace(QUOTED, (match, quote: string) => {
    const start = match.lastIndexOf(quote) + quote.length;
    return match.slice(0, start) + 'x'.repeat(match.length - start);
  });
}
