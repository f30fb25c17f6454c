import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { problemDetails, refuseBytes } from './problem.ts';

test.each([
  ['headers that are too long', 'HPE_HEADER_OVERFLOW', 431, 'too_large'],
  ['a request that does not arrive in time', 'ERR_HTTP_REQUEST_TIMEOUT', 408, 'timeout'],
  ['bytes that are not a request', 'HPE_INVALID_METHOD', 400, 'bad_request'],
])('%s are answered with a problem', (_what, error, status, code) => {
  const socket = new Socket();
  let sent = '';
  socket.end = (text: unknown) => {
    sent += String(text);
    return socket;
  };
  Object.defineProperty(socket, 'writable', { value: true });
  refuseBytes({ code: error }, socket);
  const [head = '', body = ''] = sent.split('\r\n\r\n');
  expect(head).toMatch(
    new RegExp(`^HTTP/1\\.1 ${status} [\\w ]+\r\ncontent-type: application/problem\\+json`),
  );
  expect(head).toContain(`content-length: ${Buffer.byteLength(body)}\r\nconnection: close`);
  expect(problemDetails.parse(JSON.parse(body))).toMatchObject({ status, code });
});
