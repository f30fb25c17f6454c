// @ts-check

/** An error that the API reported, as one line for the reader. */
export class RequestFailed extends Error {}

/**
 * The JSON answer of a path of this server. Throws `RequestFailed` with the server's line. Goes to the login page when
 * the session has ended.
 * @template Answer
 * @param {string} path
 * @param {AbortSignal} [signal]
 * @returns {Promise<Answer>}
 */
export async function get(path, signal) {
  /** @type {Response} */
  let response;
  try {
    response = await fetch(path, {
      ...(signal === undefined ? {} : { signal }),
      headers: { accept: 'application/json' },
    });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new RequestFailed(`${location.host} does not answer. Is faultline still running?`);
  }
  if (response.status === 401) {
    location.assign(`/login?to=${encodeURIComponent(location.pathname + location.search)}`);
    throw new RequestFailed('Log in again.');
  }
  const answer = await response.json().catch(() => null);
  // An answer that was cut off by an abort must not be used.
  signal?.throwIfAborted();
  if (!response.ok) throw new RequestFailed(lineOf(answer, response.status));
  return answer;
}

/**
 * Sends a change to this server. Throws `RequestFailed` with the server's line.
 * @param {string} path
 * @param {unknown} body
 */
export async function post(path, body) {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
  }).catch(() => {
    throw new RequestFailed(`${location.host} does not answer. Is faultline still running?`);
  });
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw new RequestFailed(lineOf(answer, response.status));
  return answer;
}

/**
 * The line of an answer that says what is wrong.
 * @param {any} answer @param {number} status @returns {string}
 */
function lineOf(answer, status) {
  return answer?.detail ?? answer?.error?.message ?? `The server answered ${status}.`;
}

/**
 * Runs a task for each item, at most `atOnce` at a time, because a browser opens only six connections to one server.
 * @template Item
 * @param {readonly Item[]} items
 * @param {number} atOnce
 * @param {(item: Item) => Promise<void>} task
 */
export async function eachOf(items, atOnce, task) {
  const rest = items.values();
  const worker = async () => {
    for (const item of rest) await task(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
