import { readStatus } from '../../fields/status.ts';
import { epochMs } from '../../fields/timestamp.ts';
import { outcomeOf } from '../mapping/outcome-words.ts';

/** How the place of a field is found: by names and by values. */
export interface Guess {
  field: string;
  /**
   * Patterns for names (`response.status_code`), the best first. Each is worth one point less than the one before it.
   */
  names: readonly RegExp[];
  /** Names that match these patterns but mean another thing. */
  not?: RegExp;
  /** Whether a value can be a value of the field. */
  fits: (value: unknown) => boolean;
  /** Whether the values alone identify the field, whatever the name. */
  identifies?: (values: readonly unknown[]) => boolean;
  /** How many places a mapping may list for the field. */
  most: number;
}

const EARLIEST = Date.UTC(2015, 0, 1);
const MODEL =
  /^(?:[\w.-]+\/)*(?:gpt|chatgpt|o[1345]|claude|gemini|gemma|llama|mistral|mixtral|codestral|command|deepseek|qwen|kimi|grok|nova|titan|text-embedding|whisper|dall-e|phi|sonar|glm)[-\d.a-z]/i;
const PROVIDER =
  /^(?:openai|azure|anthropic|gemini|google|vertex|bedrock|aws|mistral|groq|cohere|deepseek|together|openrouter|xai|x_ai|fireworks|perplexity|ollama|vllm|cerebras|moonshot|dashscope)\b|\.(?:openai|anthropic|googleapis|azure|groq|mistral)\.com/i;
const KNOWN_STATUS = new Set([
  200, 201, 202, 204, 400, 401, 403, 404, 408, 409, 413, 422, 424, 429, 499, 500, 502, 503, 504, 529,
]);

/**
 * Converts a scalar value to text. An object gives an empty text, because some objects cannot be converted
 * (`{"toString": null}`).
 */
const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
const isText = (value: unknown): boolean => typeof value === 'string' && value.length <= 256;
const isName = (value: unknown): boolean =>
  (isText(value) && !/\s{2}|[\n{}]/.test(String(value)) && String(value).split(' ').length <= 6) ||
  Number.isInteger(value);
const isNumber = (value: unknown): boolean =>
  (typeof value === 'number' && value >= 0) || (typeof value === 'string' && /^\d+(?:\.\d+)?$/.test(value));
const isAmount = (value: unknown): boolean =>
  isNumber(value) || (typeof value === 'string' && /^[$\d][\d.,]*\s*[a-zµμ]*$/i.test(value.trim()));
const isFlag = (value: unknown): boolean =>
  typeof value === 'boolean' || /^(?:true|false)$/i.test(textOf(value));
const isStatus = (value: unknown): boolean => {
  const status = typeof value === 'object' || typeof value === 'boolean' ? undefined : readStatus(value);
  return status !== undefined && (status === 0 || (status >= 100 && status < 600));
};
/** Whether a value can be the time of a request. Small numbers are durations. */
export const isTime = (value: unknown): boolean => {
  const ms = typeof value === 'string' || typeof value === 'number' ? epochMs(value) : Number.NaN;
  return ms >= EARLIEST;
};
const isError = (value: unknown): boolean =>
  (Array.isArray(value)
    ? value.some((item) => typeof item === 'object' && item !== null)
    : typeof value === 'object' && value !== null) ||
  (typeof value === 'string' && outcomeOf(value) === undefined && !isStatus(value));

/** Matches names that end in one of these words. */
const ends = (last: string): RegExp => new RegExp(`(?:^|[._])(?:${last})$`);
/** Matches names that are exactly one of these, inside any objects. */
const is = (last: string): RegExp => new RegExp(`(?:^|\\.)(?:${last})$`);
const unit = '(?:_?(?:ms|millis|msec|milliseconds|s|secs?|seconds|us|micros|ns|nanos))?';

/** The fields, in the order in which they choose their places. */
export const guesses: readonly Guess[] = [
  {
    field: 'ts',
    names: [
      is('(?:end|ended|finished|completed|response)_?(?:at|time|ts)'),
      is('timestamp|ts|time|datetime|event_time|log_time|logged_at|asctime|t|when'),
      ends('timestamp|time|ts|at'),
      ends('date|created|started|begin|start'),
    ],
    fits: isTime,
    identifies: (values) => values.every(isTime),
    most: 3,
  },
  {
    field: 'status',
    names: [
      ends('status_code|http_status|http_code|response_code|statuscode|resp_code|response_status'),
      /(?:response|resp|res|reply|http|upstream)[._].*status$/,
      ends('status'),
      ends('code|rc'),
    ],
    fits: isStatus,
    identifies: (values) => values.every((value) => KNOWN_STATUS.has(Number(value))),
    most: 3,
  },
  {
    field: 'exception',
    names: [ends('exception_(?:class|type|name)|(?:error|err)_(?:class|type|name|code)|exc_type|exception')],
    fits: (value) => typeof value === 'string' && /^[A-Za-z][\w.$:-]*$/.test(value),
    most: 2,
  },
  {
    field: 'error',
    names: [
      is('error|err|exception|failure'),
      ends(
        'error|err|error_(?:message|msg|body|detail|details|text|json|description)|err_?msg|failure_reason|status_message|status_text',
      ),
      /(?:response|resp|res|reply)[._](?:body|text|content|data)$/,
      ends('reason|response_body|resp_body|fault|problem'),
      is('details?'),
      is('body|message|msg'),
    ],
    // Successes have a reason, too: why the model stopped.
    not: ends('(?:stop|stopped|finish|finished|end|completion)_reason'),
    fits: isError,
    most: 3,
  },
  {
    field: 'model',
    names: [/(?:^|[._])model(?:[._](?:name|id))?$/, ends('deployment|deployment_name|engine|llm')],
    fits: isName,
    identifies: (values) => values.every((value) => MODEL.test(textOf(value))),
    most: 2,
  },
  {
    field: 'provider',
    names: [ends('provider|vendor|llm_provider'), ends('host|upstream|backend|system|url')],
    fits: (value) => typeof value === 'string' && PROVIDER.test(value),
    identifies: (values) =>
      values.every(
        (value) => PROVIDER.test(textOf(value)) && !MODEL.test(textOf(value)) && !textOf(value).includes(' '),
      ),
    most: 1,
  },
  {
    field: 'ttft_ms',
    names: [new RegExp(`(?:ttft|first_token|time_to_first_token)(?:_latency)?${unit}$`)],
    fits: isAmount,
    most: 1,
  },
  {
    field: 'latency_ms',
    names: [
      new RegExp(
        `(?:latency|duration|elapsed|response_time|total_time|request_time|took|time_taken|dur|rt)(?:_total)?${unit}$`,
      ),
    ],
    fits: isAmount,
    most: 2,
  },
  {
    field: 'input_tokens',
    names: [
      ends('(?:prompt|input|in)_tokens?(?:_count)?|tokens?_(?:in|input|prompt)'),
      /(?:tokens?|usage\w*)[._](?:in|input|prompt)$/,
    ],
    fits: isNumber,
    most: 2,
  },
  {
    field: 'output_tokens',
    names: [
      ends('(?:completion|output|out|generated)_tokens?(?:_count)?|tokens?_(?:out|output|completion)'),
      /(?:tokens?|usage\w*)[._](?:out|output|completion)$/,
    ],
    fits: isNumber,
    most: 2,
  },
  {
    field: 'cost_usd',
    names: [ends('cost|price|spend|(?:cost|price)_(?:usd|dollars|cents|total)|total_cost')],
    fits: isAmount,
    most: 1,
  },
  {
    field: 'request_id',
    names: [ends('request_id|req_id|reqid'), ends('correlation_id|call_id|trace_id'), is('id|uuid|guid')],
    fits: isName,
    most: 2,
  },
  {
    field: 'api_key',
    names: [ends('api_key|apikey|api_key_id|key_id|key_name|key_alias|virtual_key|key_hash')],
    fits: isName,
    most: 1,
  },
  {
    field: 'org',
    names: [ends('org|org_id|organization|organisation|organization_id|org_name')],
    fits: isName,
    most: 1,
  },
  {
    field: 'project',
    names: [ends('project|project_id|project_name|workspace|workspace_id')],
    fits: isName,
    most: 1,
  },
  {
    field: 'client',
    names: [
      /(?:^|[._])(?:client|consumer|caller)(?:[._](?:name|username|id))?$/,
      /(?:^|[._])(?:app|application|service|svc)(?:[._](?:name|id))?$/,
      ends('team|team_name|tenant|customer|user|user_id|username|end_user'),
      is('logger|component|job'),
    ],
    fits: isName,
    most: 2,
  },
  { field: 'region', names: [ends('region|location|data_?center|availability_zone')], fits: isName, most: 1 },
  {
    field: 'endpoint',
    names: [ends('endpoint|route|path'), ends('url|uri|request_uri|operation')],
    fits: isName,
    most: 1,
  },
  {
    field: 'method',
    names: [ends('method|verb')],
    fits: (value) => /^(?:GET|POST|PUT|DELETE|PATCH|HEAD)$/i.test(textOf(value)),
    most: 1,
  },
  { field: 'retry_count', names: [ends('retry_count|retries|num_retries|retry')], fits: isNumber, most: 1 },
  { field: 'stream', names: [ends('stream|streaming|is_stream')], fits: isFlag, most: 1 },
  {
    field: 'headers',
    names: [/(?:response|resp|res)(?:\..*)?[._]headers$/, ends('response_headers|resp_headers')],
    fits: (value) => typeof value === 'object' && value !== null,
    most: 1,
  },
];

/** Names of members whose words or flags report whether a request succeeded, the best first. */
export const outcomeNames: readonly RegExp[] = [
  ends('success|succeeded|ok|successful|outcome|result|status|state'),
  ends('level|severity|lvl|log_level'),
];
/** Names of flags that report a failure. */
export const failureNames = ends('is_error|failed|error|errored|is_failure|failure|timed_out');
