/**
 * Hosts of providers' APIs. A host matches when it ends with the entry: at any place if the entry begins with a dot or
 * a dash, otherwise only as a whole name or after a dot. Of the hosts under `amazonaws.com` only those of Bedrock
 * belong to an LLM API.
 */
const HOSTS: readonly (readonly [suffix: string, provider: string])[] = [
  ['api.openai.com', 'openai'],
  ['.openai.azure.com', 'azure'],
  ['.openai.azure.us', 'azure'],
  ['.cognitiveservices.azure.com', 'azure'],
  ['.services.ai.azure.com', 'azure'],
  ['.models.ai.azure.com', 'azure'],
  ['api.anthropic.com', 'anthropic'],
  ['generativelanguage.googleapis.com', 'gemini'],
  ['aiplatform.googleapis.com', 'vertex_ai'],
  ['-aiplatform.googleapis.com', 'vertex_ai'],
  ['api.groq.com', 'groq'],
  ['api.deepseek.com', 'deepseek'],
  ['openrouter.ai', 'openrouter'],
  ['api.mistral.ai', 'mistral'],
  ['codestral.mistral.ai', 'mistral'],
  ['api.x.ai', 'xai'],
  ['api.together.xyz', 'together'],
  ['api.together.ai', 'together'],
  ['api.moonshot.cn', 'moonshot'],
  ['api.moonshot.ai', 'moonshot'],
  ['api.cohere.com', 'cohere'],
  ['api.cohere.ai', 'cohere'],
  ['api.fireworks.ai', 'fireworks'],
  ['api.perplexity.ai', 'perplexity'],
  ['api.cerebras.ai', 'cerebras'],
  ['api.deepinfra.com', 'deepinfra'],
  ['dashscope.aliyuncs.com', 'dashscope'],
  ['dashscope-intl.aliyuncs.com', 'dashscope'],
  ['.ml.cloud.ibm.com', 'watsonx'],
];
const BEDROCK = /(?:^|\.)bedrock[a-z-]*\.(?:[a-z0-9-]+\.)?(?:vpce\.)?amazonaws\.com(?:\.cn)?$/;
const LONGEST = 1_000;

/** The provider whose API has this host name; undefined when no known API has it. */
export function providerOfHost(name: string): string | undefined {
  const host = name.toLowerCase();
  const known = HOSTS.find(
    ([suffix]) =>
      host.endsWith(suffix) &&
      (host.length === suffix.length ||
        /^[.-]/.test(suffix) ||
        host[host.length - suffix.length - 1] === '.'),
  );
  return known?.[1] ?? (BEDROCK.test(host) ? 'bedrock' : undefined);
}

/**
 * The provider for a host with a port, for an address, or for several of them as proxies write them: `10.0.0.1:443,
 * api.openai.com:443`, `outbound|443||api.openai.com`. Undefined when no part names a known API.
 */
export function providerOfAddress(text: string): string | undefined {
  for (const part of text.slice(0, LONGEST).split(/[\s,;|]+/)) {
    const host = part.replace(/^[a-z]+:\/\//i, '').replace(/[/:?#].*$/s, '');
    const provider = host === '' ? undefined : providerOfHost(host);
    if (provider !== undefined) return provider;
  }
  return undefined;
}
