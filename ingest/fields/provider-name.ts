import { providerOfHost } from './provider-host.ts';

/**
 * Our names of providers, by the names that the semantic conventions (old and new), OpenInference, OpenLLMetry and the
 * Vercel AI SDK use instead.
 */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['azure.ai.openai', 'azure'],
  ['azure.ai.inference', 'azure'],
  ['az.ai.openai', 'azure'],
  ['az.ai.inference', 'azure'],
  ['gcp.gemini', 'gemini'],
  ['gcp.gen_ai', 'gemini'],
  ['gcp.vertex_ai', 'vertex_ai'],
  ['gcp.vertex.agent', 'gemini'],
  ['aws.bedrock', 'bedrock'],
  ['x_ai', 'xai'],
  ['mistral_ai', 'mistral'],
  ['mistralai', 'mistral'],
  ['azure-openai', 'azure'],
  ['google', 'gemini'],
  ['google.vertex', 'vertex_ai'],
  ['vertexai', 'vertex_ai'],
  ['vertex', 'vertex_ai'],
  ['vertex.anthropic', 'vertex_ai'],
  ['aws', 'bedrock'],
  ['amazon-bedrock', 'bedrock'],
  ['togetherai', 'together'],
  ['ibm.watsonx.ai', 'watsonx'],
]);

/**
 * Matches the name of the API, which the Vercel AI SDK appends to the provider's name: `openai.responses`,
 * `google.generative-ai`.
 */
const API =
  /\.(?:responses|chat|completions?|messages|embeddings?|image|speech|transcription|generative-ai|language-model)$/;

/**
 * The provider of a call. The host of the address decides if it is known, because it is more exact than the name that
 * the library gives. Otherwise the name decides. Undefined when neither is given.
 */
export function providerName(name: string | undefined, address: string | undefined): string | undefined {
  // The error texts are those of the provider at this address, even if the client library gives another provider's
  // name.
  const known = address === undefined ? undefined : providerOfHost(address);
  if (known !== undefined) return known;
  if (name === undefined || name === '_OTHER') return undefined;
  const lower = name.toLowerCase().replace(API, '');
  return NAMES.get(lower) ?? lower;
}
