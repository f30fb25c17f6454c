import { envelope, type SimulatedFailure, failure } from './failure.ts';

/** Answers to a request that is wrong in itself. */
export const requestFailures: readonly SimulatedFailure[] = [
  failure({
    id: 'request-too-long',
    class: 'bad_request',
    status: 400,
    body: ({ random }) =>
      envelope(
        `This model's maximum context length is 128000 tokens. However, your messages resulted in ${random.between(128_050, 240_000)} tokens. Please reduce the length of the messages.`,
        'invalid_request_error',
        'context_length_exceeded',
        'messages',
      ),
  }),
  failure({
    id: 'request-parameter',
    class: 'bad_request',
    status: 400,
    body: () =>
      envelope(
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        'invalid_request_error',
        'unsupported_parameter',
        'max_tokens',
      ),
  }),
  failure({
    id: 'request-value',
    class: 'bad_request',
    status: 400,
    body: ({ random }) =>
      envelope(
        `Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got ${random.between(3, 9)} instead.`,
        'invalid_request_error',
        'decimal_above_max_value',
        'temperature',
      ),
  }),
  failure({
    id: 'request-moderation',
    class: 'bad_request',
    status: 400,
    body: () =>
      envelope(
        'Your request was rejected as a result of our safety system.',
        'invalid_request_error',
        'content_policy_violation',
      ),
  }),
  failure({
    id: 'request-service-tier',
    class: 'bad_request',
    status: 400,
    body: () =>
      envelope(
        'Invalid service_tier argument: The requested service tier is not allowed for this project.',
        'invalid_request_error',
        null,
        'service_tier',
      ),
  }),
  failure({
    id: 'request-prompt-stream',
    class: 'bad_request',
    status: 200,
    shapes: ['body', 'raw'],
    body: ({ random }) => ({
      type: 'response.failed',
      response: {
        id: `resp_${random.hex32()}`,
        status: 'failed',
        error: {
          code: 'invalid_prompt',
          message: 'Invalid prompt: your prompt was flagged. Please try a different prompt.',
        },
      },
    }),
  }),
  failure({
    id: 'not-found-model',
    class: 'not_found',
    status: 404,
    body: ({ caller }) =>
      envelope(
        `The model \`${caller.model}-preview\` does not exist or you do not have access to it.`,
        'invalid_request_error',
        'model_not_found',
      ),
  }),
  failure({
    id: 'not-found-url',
    class: 'not_found',
    status: 404,
    body: ({ caller }) => envelope(`Invalid URL (POST /v1${caller.endpoint})`, 'invalid_request_error', null),
  }),
  failure({
    id: 'conflict-conversation',
    class: 'conflict',
    status: 400,
    body: () =>
      envelope(
        'Another process is currently operating on this conversation. Please retry in a few seconds.',
        'invalid_request_error',
        'conversation_locked',
      ),
  }),
  failure({
    id: 'unprocessable',
    class: 'unprocessable',
    status: 422,
    shapes: ['body', 'raw', 'python'],
    body: () => ({
      detail: [{ loc: ['body', 'messages', 0, 'role'], msg: 'field required', type: 'value_error.missing' }],
    }),
  }),
];
