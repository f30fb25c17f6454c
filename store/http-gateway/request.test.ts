import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { refuseBrowsers } from './request.ts';

const withHeaders = (headers: Record<string, string>): Pick<IncomingMessage, 'headers'> => ({ headers });

test.each(['cross-site', 'same-site', 'same-origin'])('a %s request of a web page is refused', (site) => {
  const request = withHeaders({ host: 'localhost:8123', 'sec-fetch-site': site });
  expect(() => refuseBrowsers(request)).toThrow('web pages are not served');
});

test('an address that a person typed into a browser is served, and so is every other client', () => {
  for (const headers of [{ 'sec-fetch-site': 'none' }, {}])
    expect(() => refuseBrowsers(withHeaders({ host: 'localhost:8123', ...headers }))).not.toThrow();
});
