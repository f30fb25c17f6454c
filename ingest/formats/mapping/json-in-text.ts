import { documentsIn } from './documents.ts';
import { bytesInText } from '../../packed.ts';
import { nestsTooDeeply } from './json-depth.ts';

/**
 * How often a text may hold the JSON of another text. An example with three levels: Debezium's text holds Docker's,
 * which holds the logger's.
 */
const MOST_TIMES = 4;
/** The prefix that container runtimes write before each line. */
const CRI = /^\S{20,40} (?:stdout|stderr) [FP] /;
const LONGEST_PREFIX = 40;
/** Several fields of one record are read from the same text, so the last few are remembered. */
const REMEMBERED = 4;
const texts: string[] = Array.from({ length: REMEMBERED }, () => '');
const values: unknown[] = Array.from({ length: REMEMBERED }, () => undefined);
let oldest = 0;

/**
 * The object or list that a text holds as JSON. The JSON may have been turned into a text several times, or compressed
 * with gzip and encoded as base64, as Kinesis and CloudWatch Logs do. A text of several JSON objects, one after the
 * other or on lines of their own, gives a list of them. Undefined for other texts.
 */
export function jsonInText(text: string): object | undefined {
  if (text.length < 2 || (text.length < LONGEST_PREFIX && !mayBeJson(text))) return undefined;
  for (let i = 0; i < REMEMBERED; i++) if (texts[i] === text) return values[i] as object | undefined;
  const value = parse(text);
  texts[oldest] = text;
  values[oldest] = value;
  oldest = (oldest + 1) % REMEMBERED;
  return value;
}

function parse(text: string): object | undefined {
  let here: unknown = text;
  for (let times = 0; times < MOST_TIMES && typeof here === 'string'; times++) {
    const inner = mayBeJson(here) ? here : (textInBase64(here) ?? here.replace(CRI, ''));
    if (!mayBeJson(inner) || nestsTooDeeply(inner)) return undefined;
    try {
      here = JSON.parse(inner);
    } catch {
      return documentsIn(inner) ?? objectsOfLines(inner);
    }
  }
  return typeof here === 'object' && here !== null ? here : undefined;
}

/**
 * The objects of a text of several lines, which some programs write at once. The first line must be an object; a later
 * line that is not an object stays a text.
 */
function objectsOfLines(text: string): unknown[] | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const [first, ...others] = lines;
  const begun = first === undefined || others.length === 0 ? undefined : objectOf(first);
  return begun === undefined ? undefined : [begun, ...others.map((line) => objectOf(line) ?? line)];
}

function objectOf(line: string): object | undefined {
  if (!line.trimStart().startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as object;
  } catch {
    return undefined;
  }
}

/** The text that base64 encodes; undefined when it is not base64 of a text. */
function textInBase64(text: string): string | undefined {
  return bytesInText(text)?.toString('utf8');
}

function mayBeJson(text: string): boolean {
  let at = 0;
  while (text.charCodeAt(at) <= 32) at++;
  const first = text.charCodeAt(at);
  return first === 123 || first === 91 || first === 34;
}
