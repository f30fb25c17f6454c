import { byCallerDimension, type CallerDimension } from '../../domain/count-row.ts';
import { defaultIds, defaultPrivacy, type FoldedIds, type Privacy } from '../../domain/settings.ts';
import { boundedMemo } from '../bounded-memo.ts';
import { idFolder, isIdOf } from './fold-ids.ts';
import { computeFingerprint } from '../redact/fingerprint.ts';
import { redactMessage } from '../redact/redact-message.ts';
import { Redactor } from '../redact/redact.ts';
import { isNoText } from './nothing.ts';

/** Longest text of a dimension; more would only raise the number of distinct values. */
const LONGEST = 256;
/** Distinct values remembered per kind, twice over. Dimensions repeat, so the work is done once per value. */
const REMEMBERED = 32_768;
const CONTROL = /[\p{Cc}\u2028\u2029]+/gu;
/** Path parts before which comes a name that people chose: a model, a deployment, an account. */
const NAMED = /^(?:deployments|models|engines|projects|locations|publishers)$/;

type Clean = (text: string) => string;

/** The one way by which texts leave the decoder: whatever a record or a dead letter tells has gone through here. */
export class Cleaner {
  readonly redactor: Redactor;
  /** What is made of the text of each dimension, once per text; each remembers its own. */
  readonly dimensions: Readonly<Record<CallerDimension, Clean>>;
  /** The same for who remembers the answers. */
  readonly cleanOnce: Readonly<Record<CallerDimension, Clean>>;

  readonly #isId: (part: string) => boolean;

  constructor(privacy: Privacy = defaultPrivacy, ids: FoldedIds = defaultIds) {
    this.redactor = new Redactor(privacy);
    this.#isId = isIdOf(ids.endpoint);
    const [foldClient, foldModel] = [idFolder(ids.client), idFolder(ids.model)];
    const line = (text: string): string => (isNoText(text) ? '' : oneLine(this.redactor.textOnce(text)));
    this.cleanOnce = {
      // Keys are told by their capitals, so these go last.
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

  /** The bytes of a message as a dead letter keeps them. */
  message(bytes: Buffer): string {
    return redactMessage(bytes, this.redactor);
  }

  /** One line of at most 256 characters without secrets. */
  line(text: string): string {
    return oneLine(this.redactor.text(text));
  }

  /** A request id as a line; not remembered, because each comes once. */
  id(text: string): string {
    return isPlainId(text) ? text : this.line(text);
  }

  /** Path of an endpoint without query and fragment, with `{id}` in place of ids, so that endpoints stay few. */
  #endpoint(text: string): string {
    // Whole, because some secrets are told by what stands before them in the path.
    const parts = (this.redactor.textOnce(text).split(/[?#]/, 1)[0] ?? '').split('/');
    const path = parts.map((part, at) =>
      this.#isId(part) && !NAMED.test(parts[at - 1] ?? '') ? '{id}' : part,
    );
    return oneLine(path.join('/'));
  }
}

function oneLine(text: string): string {
  return text.replace(CONTROL, ' ').slice(0, LONGEST);
}

/** True for ids as the APIs write them, hex digits after `req_` or nothing: there is nothing in them to redact. */
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
  // Digits alone may be the number of a card or a phone.
  return hasLetter;
}
