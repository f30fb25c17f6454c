import { byCallerDimension, type CallerDimension } from '../../domain/count-row.ts';
import { defaultIds, defaultPrivacy, type FoldedIds, type Privacy } from '../../domain/settings.ts';
import { boundedMemo } from '../bounded-memo.ts';
import { idFolder, isIdOf } from './fold-ids.ts';
import { computeFingerprint } from '../redact/fingerprint.ts';
import { redactMessage } from '../redact/redact-message.ts';
import { Redactor } from '../redact/redact.ts';
import { isNoText } from './nothing.ts';

/** Longest text of a dimension, in characters; longer texts would only raise the number of distinct values. */
const LONGEST = 256;
/**
 * How many distinct values are remembered per dimension; the memo holds up to twice as many. Values repeat, so the work
 * is done once per value.
 */
const REMEMBERED = 32_768;
const CONTROL = /[\p{Cc}\u2028\u2029]+/gu;
/** Path parts that are followed by a name that people chose: a model, a deployment, an account. */
const NAMED = /^(?:deployments|models|engines|projects|locations|publishers)$/;

type Clean = (text: string) => string;

/** Cleans every text that leaves the decoder: all texts of a record or a dead letter pass through here. */
export class Cleaner {
  readonly redactor: Redactor;
  /**
   * By dimension: a function that cleans a text. Each function remembers its results, so that an equal text is cleaned
   * only once.
   */
  readonly dimensions: Readonly<Record<CallerDimension, Clean>>;
  /** The same functions without a memo, for callers that remember the results themselves. */
  readonly cleanOnce: Readonly<Record<CallerDimension, Clean>>;

  readonly #isId: (part: string) => boolean;

  constructor(privacy: Privacy = defaultPrivacy, ids: FoldedIds = defaultIds) {
    this.redactor = new Redactor(privacy);
    this.#isId = isIdOf(ids.endpoint);
    const [foldClient, foldModel] = [idFolder(ids.client), idFolder(ids.model)];
    const line = (text: string): string => (isNoText(text) ? '' : oneLine(this.redactor.textOnce(text)));
    this.cleanOnce = {
      // Lower case comes last, because keys are recognised by their capital letters.
      provider: (text) => line(text.trim()).toLowerCase(),
      org: line,
      project: line,
      api_key: (text) => (isNoText(text) ? '' : computeFingerprint(text)),
      client: (text) => foldClient(line(text)),
      region: line,
      model: (text) => foldModel(line(text)),
      endpoint: (text) => (isNoText(text) ? '' : this.#endpoint(text)),
    };
    this.dimensions = byCallerDimension((name) => boundedMemo(REMEMBERED, this.cleanOnce[name]));
  }

  /** A parsed JSON value without secrets. */
  value(value: unknown): unknown {
    return this.redactor.value(value);
  }

  /** The bytes of a message as a dead letter stores them. */
  message(bytes: Buffer): string {
    return redactMessage(bytes, this.redactor);
  }

  /** One line of at most 256 characters without secrets. */
  line(text: string): string {
    return oneLine(this.redactor.text(text));
  }

  /** A request id as a line. The result is not remembered, because each id occurs only once. */
  id(text: string): string {
    return isPlainId(text) ? text : this.line(text);
  }

  /** Path of an endpoint without query and fragment, with `{id}` in place of ids, so that endpoints stay few. */
  #endpoint(text: string): string {
    // The path is redacted as a whole, because some secrets are recognised by what comes before them in the path.
    const parts = (this.redactor.textOnce(text).split(/[?#]/, 1)[0] ?? '').split('/');
    const path = parts.map((part, at) =>
      this.#isId(part) && !NAMED.test(parts[at - 1] ?? '') ? '{id}' : part,
    );
    return oneLine(path.join('/'));
  }
}

function oneLine(text: string): string {
  // Nobody could see a blank at the start or the end of a name, or write it in a filter.
  return text.replace(CONTROL, ' ').slice(0, LONGEST).trim();
}

/**
 * Whether a text is a request id in the form that the APIs use: hex digits, with or without `req_` before them. Such a
 * text needs no redaction.
 */
function isPlainId(text: string): boolean {
  if (text.length > 68) return false;
  const isMarked = text.startsWith('req_');
  let hasLetter = isMarked;
  for (let at = isMarked ? 4 : 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    const isLetter = char >= 97 && char <= 102;
    if (!isLetter && char !== 45 && !(char >= 48 && char <= 57)) return false;
    hasLetter ||= isLetter;
  }
  // Digits alone could be the number of a card or a phone.
  return hasLetter;
}
