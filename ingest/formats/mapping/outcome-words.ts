const SUCCESS =
  'success,succeeded,successful,ok,true,complete,completed,done,passed,default,info,information,informational,debug,trace,notice';
const FAILURE =
  'failure,failed,fail,error,errored,err,false,fatal,critical,crit,alert,emergency,emerg,panic,severe,exception,timeout,timed_out';
const WORDS: ReadonlyMap<string, boolean> = new Map([
  ...SUCCESS.split(',').map((word) => [word, false] as const),
  ...FAILURE.split(',').map((word) => [word, true] as const),
]);

/**
 * Whether a word such as `ERROR` or a flag such as `success: false` means failure (true) or success (false); undefined
 * for other values.
 */
export function outcomeOf(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return !value;
  return typeof value === 'string' ? WORDS.get(value.trim().toLowerCase()) : undefined;
}
