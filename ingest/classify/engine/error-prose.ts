/** A longer text is a transcript or a completion. Characters. */
const LONGEST = 16_384;

/** A text that is only a client's description of a broken connection. */
const broken =
  /^(?:typeerror: )?(?:terminated|aborted|premature close|socket hang up|network error|connection error|fetch failed|request timed out|read timed out|econnreset|etimedout|epipe|unexpected eof|eof)\.?$/i;
/** A client's sentence about its stream, followed by the technical cause. */
const brokenStream =
  /^(?:stream|connection|socket|response body|upstream|peer|sse|premature|incomplete|unexpected (?:end|eof))\b[^.]{0,80}(?:closed|ended|reset|disconnect|error|broken|aborted|terminated|timed out|eof|close)[^.]{0,80}[:(]/i;
/** `openai.APIError: …`, `java.io.IOException: …`, `ReadTimeout(…`. */
const exceptionName =
  /^(?:[a-z_]\w*\.)*[A-Z][A-Za-z0-9]*(?:Error|Exception|Timeout|Failure|Refused|Reset)\b(?:[:(\s]|$)/;
/** `Error: …`, `[error] …`, `API error: …`, `2026-01-01T00:00:00Z ERROR …`. */
const label =
  /^(?:[\d:TZ.,+\- []{8,32}\]? ?)?\[?(?:[a-z]+ ){0,3}(?:error|exception|fatal|panic|failed)\b\]?(?: [\w.[\]/-]+){0,6} ?:/i;
const htmlPage = /^<(?:!doctype|html)/i;
const dump = /^(?:map\[|&?\w*[Ee]rror\w* ?\{|Some\(|Err\()/;

/**
 * Whether a plain text under a status of success reports a failure. Its form decides, because a transcript may mention
 * rate limits, too. An HTML page is a failure, because no API answers with one.
 */
export function readsAsError(text: string): boolean {
  const start = text.trim().replace(/^[>│|\s]+/, '');
  if (start.length > LONGEST) return exceptionName.test(start) || htmlPage.test(start);
  return [broken, brokenStream, exceptionName, label, htmlPage, dump].some((form) => form.test(start));
}
