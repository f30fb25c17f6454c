import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';

/** How long a login lasts, in milliseconds. */
export const SESSION_MS = 12 * 3_600_000;

/**
 * Headers of every answer: scripts and styles come only from this server, nothing is loaded from elsewhere, and no
 * other page may frame this one.
 */
export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
};

/** True for addresses that only this machine can reach. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
  if (bare === 'localhost' || bare === '::1' || bare === '::ffff:127.0.0.1') return true;
  return isIP(bare) === 4 && bare.startsWith('127.');
}

/**
 * True when the Host header names this machine's loopback. A page of another site can point its own name at 127.0.0.1
 * (DNS rebinding), but it sends that name and is refused.
 */
export function isOwnHost(header: string | undefined): boolean {
  if (header === undefined) return false;
  return isLoopback(header.replace(/:\d*$/, ''));
}

/**
 * True when a page of another site made the browser send this request. Browsers say so in `Sec-Fetch-Site`, older ones
 * only in `Origin`; other programs send neither.
 */
export function isForeign(headers: {
  host?: string | undefined;
  origin?: string | string[] | undefined;
  'sec-fetch-site'?: string | string[] | undefined;
}): boolean {
  const { host, origin, 'sec-fetch-site': site } = headers;
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  if (origin === undefined) return false;
  // Only the hosts are compared, because behind a proxy with TLS the scheme of the page differs from that of this
  // server.
  return typeof origin !== 'string' || origin.replace(/^https?:\/\//, '') !== host;
}

/** True when both texts are equal. The comparison takes equally long wherever they differ. */
export function sameSecret(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected));
}

/** The token of an `Authorization: Bearer …` header; empty when there is none. */
export function bearerToken(header: string | undefined): string {
  return /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1] ?? '';
}

/** The value of a session cookie: when it was issued, and a proof that this process issued it for this token. */
export function issueSession(secret: Buffer, token: string, now: number): string {
  return `${now}.${proof(secret, token, now)}`;
}

/** True for a value that `issueSession` returned for the same secret and token within the last `SESSION_MS`. */
export function isSession(value: string, secret: Buffer, token: string, now: number): boolean {
  const [issued, given] = value.split('.');
  const time = Number(issued);
  if (given === undefined || !Number.isSafeInteger(time) || time > now || now - time > SESSION_MS)
    return false;
  return sameSecret(given, proof(secret, token, time));
}

/** The value of one cookie; empty when it is absent. */
export function cookie(header: string | undefined, name: string): string {
  for (const part of (header ?? '').split(';')) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return '';
}

function proof(secret: Buffer, token: string, time: number): string {
  return createHmac('sha256', secret).update(`${time}\n${token}`).digest('base64url');
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
