import { envelope, type SimulatedFailure, failure } from './failure.ts';

/** Answers about trouble on the provider's side, and time-outs. */
export const providerFailures: readonly SimulatedFailure[] = [
  failure({
    id: 'server-error',
    class: 'server_error',
    status: 500,
    body: ({ request_id }) =>
      envelope(
        `The server had an error while processing your request. Sorry about that! You can retry your request, or contact us if the error persists. (Please include the request ID ${request_id} in your message.)`,
        'server_error',
        null,
      ),
  }),
  failure({
    id: 'server-error-stream',
    class: 'server_error',
    status: 200,
    shapes: ['body', 'raw'],
    body: ({ random, request_id }) => ({
      type: 'error',
      sequence_number: random.between(2, 60),
      error: {
        type: 'server_error',
        code: 'server_error',
        message: `An error occurred while processing your request. You can retry your request. Please include the request ID ${request_id} in your message.`,
        param: null,
      },
    }),
  }),
  failure({
    id: 'server-error-gateway',
    class: 'server_error',
    status: 502,
    shapes: ['verbatim'],
    exception: 'openai.InternalServerError',
    body: ({ random }) =>
      `<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center><hr><center>cloudflare</center><!-- Ray ID: ${random.hex32().slice(0, 16)} --></body></html>`,
  }),
  failure({
    id: 'server-error-envoy',
    class: 'server_error',
    status: 503,
    shapes: ['verbatim'],
    exception: 'InternalServerError',
    body: () =>
      'upstream connect error or disconnect/reset before headers. reset reason: connection termination',
  }),
  failure({
    id: 'overloaded-2025',
    class: 'engine_overloaded',
    status: 503,
    body: () => envelope('The engine is currently overloaded, please try again later', 'server_error', null),
  }),
  failure({
    id: 'overloaded-2026',
    class: 'engine_overloaded',
    status: 503,
    retry_after: 3,
    shapes: ['body', 'raw', 'inner', 'python'],
    body: () =>
      envelope(
        'The model is temporarily overloaded. Please try again later.',
        'service_unavailable_error',
        'server_is_overloaded',
      ),
  }),
  failure({
    id: 'overloaded-2023',
    class: 'engine_overloaded',
    status: 429,
    body: ({ request_id }) =>
      envelope(
        `That model is currently overloaded with other requests. You can retry your request. (Please include the request ID ${request_id} in your message.)`,
        'server_error',
        null,
      ),
  }),
  failure({
    id: 'overloaded-stream',
    class: 'engine_overloaded',
    status: 200,
    shapes: ['body', 'raw'],
    body: ({ random }) => ({
      type: 'error',
      code: 'server_is_overloaded',
      message: 'Our servers are currently overloaded. Please try again later.',
      param: null,
      sequence_number: random.between(2, 40),
    }),
  }),
  failure({
    id: 'timeout-gateway',
    class: 'timeout',
    status: 504,
    shapes: ['verbatim'],
    exception: 'InternalServerError',
    body: () =>
      '<html><head><title>504 Gateway Time-out</title></head><body><h1>504 Gateway Time-out</h1></body></html>',
  }),
];
