/** Members that report an error wherever an answer may have them, in lower case. */
const errorKeys: ReadonlySet<string> = new Set(['error', 'errors', 'last_error', 'error_code', 'errorcode']);
/** Members that hold the API's answer inside an event of a stream, a line of a batch, or a wrapper. */
const envelopes: ReadonlySet<string> = new Set(['response', 'result', 'body', 'choices', 'base_resp']);
/** Members that hold the API's answer one level deeper. */
const innerEnvelopes: ReadonlySet<string> = new Set(['body', 'status_details']);
const MAX_DEPTH = 3;
/** Values that mean success, or that mean nothing. */
const fine: ReadonlySet<unknown> = new Set<unknown>([
  undefined,
  null,
  '',
  false,
  0,
  200,
  201,
  202,
  20_000,
  ...'0 200 201 202 20000 ok success succeeded none null false - 成功 操作成功'.split(' '),
]);
const failedType = /error$|^errored$|^response\.failed$|exception$/i;
const failedStatus = /^(?:error|fail|failed|failure)$/i;

type Members = Readonly<Record<string, unknown>>;

/**
 * Whether a parsed answer is an error, or has one in a member where APIs put errors. Texts, tool arguments and deeper
 * parts of results are the caller's content and are not examined.
 */
export function describesError(value: unknown, depth = 0): boolean {
  if (Array.isArray(value)) return value.some((item) => isMembers(item) && describesError(item, depth));
  if (!isMembers(value) || depth > MAX_DEPTH) return false;
  const inside = depth === 0 ? envelopes : innerEnvelopes;
  for (const [name, member] of Object.entries(value)) {
    const key = name.toLowerCase();
    if (errorKeys.has(key) && reportsError(member)) return true;
    if (depth === 0 && key === 'detail' && reportsError(member)) return true;
    if (depth === 0 && key.endsWith('exception') && isMembers(member)) return true;
    if (inside.has(key) && typeof member === 'object' && describesError(member, depth + 1)) return true;
  }
  return hasFailed(value) || (depth === 0 && isBareError(value));
}

/** Whether an answer reports that it failed. */
function hasFailed(value: Members): boolean {
  if (value['finish_reason'] === 'error' || value['success'] === false) return true;
  const status = value['status_code'] ?? value['statusCode'];
  if (typeof status !== 'number') return false;
  // MiniMax has its own error numbers; 0 is success.
  return status >= 400 || (status !== 0 && status !== 200 && 'status_msg' in value);
}

/** Whether the value is an error object without a wrapper, such as `{"message": …, "code": …}`. */
function isBareError(value: Members): boolean {
  const of = (...names: readonly string[]) => {
    for (const name of names) {
      const member = value[name] ?? value[name.toUpperCase()];
      if (member !== undefined && member !== null) return member;
    }
    return undefined;
  };
  const type = of('type', '__type', 'object');
  if (typeof type === 'string' && /^(?:error|errored|response\.failed)$/i.test(type)) return true;
  const message = of('message', 'msg', 'error_msg', 'errmsg', 'error_message');
  if (typeof message !== 'string' || fine.has(message.trim().toLowerCase())) return false;
  const state = of('status');
  if (of('success') === true || state === true || isMembers(of('data', 'output'))) return false;
  if (typeof state === 'string' && failedStatus.test(state)) return true;
  if (typeof type === 'string' && failedType.test(type)) return true;
  const code = of('code', 'errcode', 'err_code');
  return !fine.has(typeof code === 'string' ? code.toLowerCase() : code) || isQuotedError(message);
}

/** Whether a message is itself the JSON of an error. */
function isQuotedError(message: string): boolean {
  if (!/^\s*[{[]/.test(message)) return false;
  try {
    return describesError(JSON.parse(message));
  } catch {
    return false;
  }
}

/** Whether a member has a value that does not mean success or nothing. */
function reportsError(member: unknown): boolean {
  if (typeof member === 'string') return !fine.has(member.trim().toLowerCase());
  if (Array.isArray(member)) return member.some(reportsError);
  if (isMembers(member)) return Object.values(member).some(reportsError);
  return !fine.has(member);
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
