import { type SimulatedFailure, failure } from './failure.ts';

type Verbatim = [id: string, cls: SimulatedFailure['class'], exception: string, text: string, status: number];

const texts: readonly Verbatim[] = [
  ['timeout-python', 'timeout', 'openai.APITimeoutError', 'Request timed out.', 0],
  ['timeout-node', 'timeout', 'APIConnectionTimeoutError', 'Request timed out.', 0],
  ['timeout-read', 'timeout', 'httpx.ReadTimeout', 'The read operation timed out', 0],
  ['connection-python', 'connection', 'openai.APIConnectionError', 'Connection error.', 0],
  ['connection-reset', 'connection', 'APIConnectionError', 'Connection error. cause: read ECONNRESET', 0],
  ['connection-name', 'connection', 'Error', 'getaddrinfo ENOTFOUND api.example.internal', 0],
  ['connection-hang-up', 'connection', 'Error', 'socket hang up', 0],
  [
    'connection-peer',
    'connection',
    'httpx.RemoteProtocolError',
    'peer closed connection without sending complete message body (incomplete chunked read)',
    200,
  ],
  [
    'connection-premature',
    'connection',
    'FetchError',
    'Invalid response body while trying to fetch: Premature close',
    200,
  ],
  ['aborted', 'other', 'APIUserAbortError', 'Request was aborted.', 0],
];

/** Failures without a usable HTTP answer: time-outs, broken connections, and calls that the caller cancelled. */
export const transportFailures: readonly SimulatedFailure[] = texts.map(
  ([id, cls, exception, text, status]) =>
    failure({
      id,
      class: cls,
      provider: 'any',
      status,
      shapes: ['verbatim'],
      retried: cls !== 'other' && status === 0,
      exception,
      body: () => text,
    }),
);
