/**
 * Keys whose values repeat the caller's own words or concern other calls: an error inside such a value is not the error
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

/** Words that start a new attempt: the text after them counts before the text before them. */
export const attempts = [
  'retrying',
  'last error',
  'attempt 2',
  'attempt 3',
  'attempt 4',
  'attempt 5',
  'error doing the fallback',
];

/** Words that precede the time after which a request may be tried again. */
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
