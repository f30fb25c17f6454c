import type { ReceiverAnswer, ChannelContext } from './channel.ts';

/** Number of characters of an answer that are kept. */
const LONGEST_ANSWER = 200;
/** Longest wait that a receiver may ask for; seconds. */
const LONGEST_RETRY_AFTER = 3_600;

/** Parts of an address that are shorter than this are taken for words, not for secrets. */
const SHORTEST_PART = 8;

/** One POST request. */
export interface Post {
  url: string;
  body: string;
  headers: Readonly<Record<string, string>>;
  /**
   * Texts to remove from the answer, because receivers may repeat what they were sent. The address is always removed.
   */
  secrets: readonly string[];
}

/**
 * Sends a POST request and waits for the answer, at most `timeoutMs`. Statuses 200 to 299 are ok. Redirects are not
 * followed, because message and signature are meant for this host only. Never throws. The answer names the host and not
 * the address, which may be a secret.
 */
export async function post(
  { url, body, headers, secrets }: Post,
  { timeoutMs }: ChannelContext,
): Promise<ReceiverAnswer> {
  const hide = (text: string): string => withoutSecrets(text, [...partsOf(url), ...secrets]);
  try {
    const response = await fetch(url, {
      method: 'POST',
      body,
      headers: { 'user-agent': 'faultline', 'content-type': 'application/json', ...headers },
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const said = oneLine(hide(await firstCharacters(response)));
    const text = `${response.status}${said === '' ? '' : ` ${said}`}`;
    if (response.ok) return { ok: true, text };
    if (response.status >= 300 && response.status < 400)
      return { ok: false, text: `${response.status}: the receiver redirects; set its new address` };
    return { ok: false, text, ...retryAfter(response.headers.get('retry-after')) };
  } catch (error) {
    return { ok: false, text: hide(whyNot(error, timeoutMs)) };
  }
}

/** The host of an address. */
export function hostOf(url: string): string {
  return URL.parse(url)?.host ?? 'an invalid address';
}

/** An error of a connection as one line. */
export function whyNot(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return oneLine(String(error));
  if (error.name === 'TimeoutError') return `no answer within ${timeoutMs / 1000} s`;
  const cause = error.cause instanceof Error ? error.cause : error;
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  // Errors of this program have codes in lower case. Their messages are written for people, so they are used without a
  // change.
  if (/^[a-z]/.test(code)) return oneLine(cause.message);
  return oneLine(code === '' || cause.message.includes(code) ? cause.message : `${code} ${cause.message}`);
}

/** Replaces every secret in a text. Short ones are not replaced, because they also occur as ordinary words. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return (
    secrets
      .filter((secret) => secret.length >= 4)
      // Longest first: if a secret is part of a longer one, replacing it first would leave the rest of the longer one
      // readable.
      .toSorted((a, b) => b.length - a.length)
      .reduce((clean, secret) => clean.replaceAll(secret, '***'), text)
  );
}

/** The address and the parts of it that may be secret: many servers repeat a path that they do not know. */
function partsOf(url: string): string[] {
  const parsed = URL.parse(url);
  if (parsed === null) return [url];
  const { pathname, search, searchParams } = parsed;
  const parts = [...pathname.split('/'), ...searchParams.values()].filter(
    (part) => part.length >= SHORTEST_PART,
  );
  const whole = pathname === '/' ? [] : [`${pathname}${search}`, pathname];
  return [url, ...whole, ...parts, ...parts.map(decoded)];
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Reads only the first characters: a receiver that sends without end must not fill the memory. */
async function firstCharacters(response: Response): Promise<string> {
  if (response.body === null) return '';
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  try {
    while (text.length < LONGEST_ANSWER * 4) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value, { stream: true });
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
  return text;
}

function retryAfter(header: string | null): { retry_seconds?: number } {
  const seconds = Number(header);
  return header !== null && seconds > 0 ? { retry_seconds: Math.min(seconds, LONGEST_RETRY_AFTER) } : {};
}

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length <= LONGEST_ANSWER ? line : `${line.slice(0, LONGEST_ANSWER - 1)}…`;
}
