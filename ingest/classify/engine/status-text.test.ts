import { expect, test } from 'vitest';
import { scanText } from './scan.ts';
import { statedStatus } from './status-text.ts';

const statusOf = (text: string) => statedStatus(text, scanText(text, false));

test.each([
  ['429', 429],
  ['429 Too Many Requests', 429],
  ['Error code: 429 - {}', 429],
  ['Error: 400 This model', 400],
  ['logError 429 Request too large', 429],
  ['error, status code: 503, message: x', 503],
  ['Request failed with status code 401', 401],
  ['status code 429This request', 429],
  ['HTTP 429 (tokens: rate_limit_exceeded)', 429],
  ['HTTP/1.1 404 Not Found', 404],
  ['HTTP/2 502', 502],
  ["Client error '404 Not Found' for url", 404],
  ['resulted in a `429 Too Many Requests` response', 429],
  ['the server responded with status 503', 503],
  ['OpenAI response(429):', 429],
  ['API Error (529 {"type":"error"})', 529],
  ['[429 Too Many Requests] You', 429],
  ['<title>x | 524: A timeout occurred</title>', 524],
  ['<h1>502 Bad Gateway</h1>', 502],
  ['<span>Error code 522</span>', 522],
  ['{"error":{"code":503}}', 503],
  ["{'code': '429'}", 429],
  ['"statusCode":500', 500],
  ['status=404', 404],
  ['Status: 401 (PermissionDenied)', 401],
  ['RESPONSE 422: 422 Unprocessable Entity', 422],
  ['too many 500 error responses', 500],
  ['call failed: 400 Your organization', 400],
  ['map[code:429 message:x]', 429],
  ["('Response code error: ', 524) A timeout", 524],
])('%j states %d', (text, status) => {
  expect(statusOf(text)).toBe(status);
});

test.each([
  ['the inner one', '{"status":500,"details":{"error":{"code":"429"}}}', 429],
  ['the last of equals', '400 An error occurred: Server responded with status 429.', 429],
  ['the one of the last attempt', 'Error code: 500. Retrying in 1 s. Error code: 429', 429],
])('of several statuses %s counts', (_name, text, status) => {
  expect(statusOf(text)).toBe(status);
});

test.each([
  'api.openai.com:443',
  'connect ECONNREFUSED 127.0.0.1:500',
  'at f (/a/b.js:404:13)',
  'Limit 500, Used 429, Requested 404',
  'line 404',
  'port 500',
  '429 tokens',
  'after 500 ms',
  'took 500ms',
  'id 429-abc',
  'org-429 x500',
  '10.0.0.500',
  '12:500',
  '4290',
  '0.429',
  '(read timeout=600)',
  'sha 500abc',
  '$500',
  'x-request-id: 404a',
])('%j states no status', (text) => {
  expect(statusOf(text)).toBe(0);
});
