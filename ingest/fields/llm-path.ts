/** A path of an LLM API. `provider` is the provider whose API has this path; null when several providers have it. */
export interface LlmPath {
  provider: string | null;
}

/** Longer addresses are cut: no path of an API is as long. */
const LONGEST = 2_000;
/** Matches the verb of a request line, and the scheme and host of an address. */
const BEFORE = /^(?:[A-Z]{1,20} )?(?:[a-z][a-z0-9+.-]{0,20}:\/\/[^/\s?#]*)?/i;

/**
 * Ends of paths, the special ones first. A gateway may put its own path before them: `/llm/v1/chat/completions`. Words
 * that any website may have in a path (`messages`, `responses`, `batches`) count only after the version that the APIs
 * have there.
 */
const PATHS: readonly (readonly [form: RegExp, provider: string | null])[] = [
  [/\/openai\/deployments\/[^/]+\/./, 'azure'],
  [
    /\/model\/[^/]+\/(?:invoke|invoke-with-response-stream|invoke-with-bidirectional-stream|converse|converse-stream|count-tokens)$/,
    'bedrock',
  ],
  [
    /\/publishers\/[^/]+\/models\/[^/]+:(?:(?:stream)?generatecontent|(?:stream)?rawpredict|(?:server)?(?:stream)?predict|counttokens|embedcontent)$/,
    'vertex_ai',
  ],
  [
    /\/(?:models|tunedmodels)\/[^/]+:(?:(?:stream)?generatecontent|(?:batch)?embedcontents?|counttokens)$/,
    'gemini',
  ],
  [/^(?!\/api\/)(?:\/[^/]+)*\/v1\/messages(?:\/count_tokens|\/batches(?:\/.+)?)?$/, 'anthropic'],
  [/^(?!\/api\/)(?:\/[^/]+)*\/v1\/complete$/, 'anthropic'],
  [/\/ml\/v1\/text\/(?:chat|generation)(?:_stream)?$/, 'watsonx'],
  [/\/chat\/completions$/, null],
  [/\/(?:v\d+|openai|engines\/[^/]+)\/(?:completions|embeddings|moderations|rerank|realtime)$/, null],
  [/^(?!\/api\/)(?:\/[^/]+)*\/(?:v\d+|openai)\/responses(?:\/.+)?$/, null],
  [
    /\/v\d+\/(?:images\/(?:generations|edits|variations)|audio\/(?:speech|transcriptions|translations))$/,
    null,
  ],
  [/\/v\d+\/(?:threads\/runs|threads\/[^/]+\/runs(?:\/.+)?|assistants(?:\/asst_.+)?)$/, null],
  [
    /\/v\d+\/(?:batches(?:\/batch_.+)?|fine_tuning\/jobs(?:\/.+)?|realtime\/(?:sessions|client_secrets))$/,
    null,
  ],
];

/**
 * The path of an LLM API in a path, an address or a request line (`POST /v1/messages HTTP/1.1`); null when there is
 * none.
 */
export function llmPath(text: string): LlmPath | null {
  const path = (text.length > LONGEST ? text.slice(0, LONGEST) : text)
    .replace(BEFORE, '')
    .replace(/[?#\s].*$/s, '')
    .replace(/\/$/, '')
    .toLowerCase();
  const found = PATHS.find(([form]) => form.test(path));
  return found === undefined ? null : { provider: found[1] };
}
