/**
 * Keys whose values repeat words of the caller or belong to other calls, so an error in such a value is not the error
 * of this request. Bare names occur in dumps, quoted names in JSON.
 */
export const echoKeys = [
  'requestbodyvalues:',
  'responseheaders:',
  'headers:',
  'config:',
  ...[
    'previous_errors',
    'requestbodyvalues',
    'responseheaders',
    'headers',
    'config',
    'request',
    'request_body',
    'requestbody',
    'messages',
    'prompt',
    'input',
    'tools',
    'content',
    'delta',
    'text',
    'flagged_input',
    'instructions',
    'arguments',
    'reasoning_content',
  ].map((name) => `${name}'`),
];

/** Words that start a new attempt. The text after them has priority over the text before them. */
export const attempts = [
  'retrying',
  'last error',
  'attempt 2',
  'attempt 3',
  'attempt 4',
  'attempt 5',
  'error doing the fallback',
];

/** Words that come before the time after which a request may be tried again. */
export const waits = [
  'try again in',
  'retry after',
  'retry in',
  'retrydelay',
  'try again after',
  'please wait',
  'resets_in_seconds',
  'reset_after_seconds',
  'retry_after_seconds',
  'reset after',
  'reset in',
  'resets in',
  'resets after',
  'replenished in',
  'expected available in',
  'available again in',
  'retry_after',
];
