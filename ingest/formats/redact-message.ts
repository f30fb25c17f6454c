import { redactText, redactValue } from './redact.ts';

/** A dead letter keeps at most so much. */
const LONGEST = 1024 * 1024;
/** A larger message is not worth reading whole: only its beginning is kept. */
const LARGEST_READ = 4 * 1024 * 1024;

/**
 * The bytes of a message as a dead letter keeps them: text without secrets, at most 1 Mi characters. JSON stays JSON,
 * with API keys as fingerprints, so that it can be decoded again later; anything else is cut at 64 Ki characters.
 */
export function redactMessage(value: Buffer): string {
  if (value.length <= LARGEST_READ) {
    const parsed = parse(value.toString('utf8'));
    if (typeof parsed === 'object' && parsed !== null)
      return JSON.stringify(redactValue(parsed)).slice(0, LONGEST);
  }
  return redactText(value.toString('utf8', 0, LONGEST));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
