import { describe, expect, it } from 'vitest';
import { providerOfAddress, providerOfHost } from './provider-host.ts';

describe('providerOfHost', () => {
  it.each([
    ['api.openai.com', 'openai'],
    ['eu.api.openai.com', 'openai'],
    ['API.OpenAI.com', 'openai'],
    ['acme.openai.azure.com', 'azure'],
    ['us-central1-aiplatform.googleapis.com', 'vertex_ai'],
    ['openrouter.ai', 'openrouter'],
    ['bedrock-runtime.us-east-1.amazonaws.com', 'bedrock'],
    ['bedrock-runtime-fips.us-east-1.amazonaws.com', 'bedrock'],
    ['vpce-0a1.bedrock-runtime.us-east-1.vpce.amazonaws.com', 'bedrock'],
    ['bedrock-runtime.cn-north-1.amazonaws.com.cn', 'bedrock'],
  ])('%s is of %s', (host, provider) => {
    expect(providerOfHost(host)).toBe(provider);
  });

  it.each([
    'sqs.us-east-1.amazonaws.com',
    'shop-1.eu-west-1.elb.amazonaws.com',
    'notopenrouter.ai',
    'api.openai.com.acme.test',
    'api.stripe.com',
    'googleapis.com',
    '',
  ])('%s is of none', (host) => {
    expect(providerOfHost(host)).toBeUndefined();
  });
});

it.each([
  ['https://api.anthropic.com/v1/messages', 'anthropic'],
  ['10.0.0.1:443, api.openai.com:443', 'openai'],
  ['outbound|443||api.openai.com', 'openai'],
  ['10.0.0.1:443', undefined],
])('providerOfAddress: %s is of %s', (text, provider) => {
  expect(providerOfAddress(text)).toBe(provider);
});
