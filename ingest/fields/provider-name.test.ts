import { describe, expect, it } from 'vitest';
import { providerName } from './provider-name.ts';

describe('providerName', () => {
  it.each([
    ['openai.responses', 'openai'],
    ['openai.chat', 'openai'],
    ['azure-openai.responses', 'azure'],
    ['azure.ai.openai', 'azure'],
    ['anthropic.messages', 'anthropic'],
    ['google.generative-ai', 'gemini'],
    ['google.vertex.chat', 'vertex_ai'],
    ['vertex.anthropic.messages', 'vertex_ai'],
    ['amazon-bedrock', 'bedrock'],
    ['aws.bedrock', 'bedrock'],
    ['mistral.chat', 'mistral'],
    ['MistralAI', 'mistral'],
    ['x_ai', 'xai'],
    ['togetherai.chat', 'together'],
    ['gcp.gen_ai', 'gemini'],
    ['acme.chat.v2', 'acme.chat.v2'],
    ['_OTHER', undefined],
    [undefined, undefined],
  ])('%s is %s', (name, expected) => {
    expect(providerName(name, undefined)).toBe(expected);
  });

  it('comes from the host when host and name disagree', () => {
    expect(providerName('openai.chat', 'openrouter.ai')).toBe('openrouter');
    expect(providerName('openai', 'gateway.internal')).toBe('openai');
  });
});
