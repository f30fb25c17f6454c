import { describe, expect, it } from 'vitest';
import { llmPath } from './llm-path.ts';

describe('llmPath', () => {
  it.each([
    ['/v1/chat/completions', null],
    ['/v1/chat/completions?x=1', null],
    ['POST /v1/responses HTTP/1.1', null],
    ['POST https://llm.acme.test/gateway/v1/embeddings HTTP/2.0', null],
    ['/v1/completions/', null],
    ['/v1/images/generations', null],
    ['/v1/audio/transcriptions', null],
    ['/openai/v1/responses/resp_1/input_items', null],
    ['/v1beta/openai/chat/completions', null],
    ['/v1/acct/gw/openai/chat/completions', null],
    ['/v1/threads/thread_1/runs', null],
    ['/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21', 'azure'],
    ['/OpenAI/Deployments/gpt-4o/Embeddings', 'azure'],
    ['/v1/messages', 'anthropic'],
    ['/anthropic/v1/messages/count_tokens', 'anthropic'],
    ['/model/anthropic.claude-sonnet-4-20250514-v1%3A0/invoke', 'bedrock'],
    ['/model/amazon.nova-pro-v1:0/converse-stream', 'bedrock'],
    ['/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse', 'gemini'],
    ['/v1/projects/p/locations/l/publishers/google/models/gemini-2.5-pro:generateContent', 'vertex_ai'],
    ['/v1/projects/p/locations/l/publishers/anthropic/models/claude-x:streamRawPredict', 'vertex_ai'],
  ])('%s is one, of %s', (text, provider) => {
    expect(llmPath(text)).toEqual({ provider });
  });

  it.each([
    '/',
    '/login',
    '/api/cart',
    '/api/v1/messages',
    '/api/v1/responses',
    '/inbox/messages',
    '/surveys/12/responses',
    '/v1/messages/17',
    '/messages',
    '/v1/users/messages/9',
    '/search/completions',
    '/model/42',
    '/models/t-shirt',
    '/chat/completions-of-the-week',
    '/openai/deployments',
    '/blog?ref=/v1/chat/completions',
    'GET /orders HTTP/1.1',
    '',
    '-',
    `${'/a'.repeat(100_000)}/v1/chat/completions`,
  ])('%.60s is none', (text) => {
    expect(llmPath(text)).toBeNull();
  });
});
