import type { Classification, ClassifierInput, Generation, Subclass } from '../../domain/classification.ts';
import { errorClasses, type Retry } from '../../domain/error-class.ts';
import { BoundedMap } from '../bounded-memo.ts';
import { hintBits } from './compiled.ts';
import { type Decision, decide, type Evidence } from './decide.ts';
import { type ErrorFields, readFields } from './error-fields.ts';
import { errorText } from './error-text.ts';
import { generationOf } from './generation.ts';
import { type Findings, scanText } from './scan.ts';
import { subclassOf } from './subclass.ts';
import { successReading } from './success-body.ts';
import { waitFromHeaders, waitFromText } from './wait-time.ts';

export interface Judgement extends ErrorFields {
  classification: Classification;
}

/** What status, provider and text say, whatever the headers. */
interface Reading {
  decision: Decision;
  hints: number;
  generation: Generation;
  subclass: Subclass;
  /** Seconds; null when the text names none. */
  wait: number | null;
  fields: ErrorFields;
}

const google = hintBits(['google', 'gemini']);
const limitZero = hintBits(['limit_zero']);
const MAX_EXCEPTION = 1024;
const noFields: ErrorFields = { type: '', code: '', message: '' };
/** When requests fail, many fail with the same words: these are read once. Longer texts repeat less. */
const remembered = new BoundedMap<{ status: number; provider: string; reading: Reading }>(2048);
const LONGEST_REMEMBERED = 1024;

/** The class of one request and the rule that gave it. Total and pure: the same input gives the same answer. */
export function classify(input: ClassifierInput): Classification {
  const text = textOf(input);
  return answer(readSuccess(input, text) ?? read(input, text, false), input.headers);
}

/** The class together with the innermost type, code and message of the error, as stored with the event. */
export function judge(input: ClassifierInput): Judgement {
  const text = textOf(input);
  const reading = readSuccess(input, text) ?? readOnce(input, text);
  return { classification: answer(reading, input.headers), ...reading.fields };
}

function readOnce(input: ClassifierInput, text: string): Reading {
  if (text.length > LONGEST_REMEMBERED) return read(input, text, true);
  const { status, provider } = input;
  const known = remembered.get(text);
  if (known !== undefined && known.status === status && known.provider === provider) return known.reading;
  const reading = read(input, text, true);
  remembered.set(text, { status, provider, reading });
  return reading;
}

/** The innermost type, code and message of an error; empty where it has none. */
export function describeError(error: unknown): ErrorFields {
  const text = errorText(error);
  return readFields(text, scanText(text, true));
}

function textOf(input: ClassifierInput): string {
  const text = errorText(input.error);
  return input.exception === '' ? text : `${input.exception.slice(0, MAX_EXCEPTION)}: ${text}`;
}

/** The answer for a request that shows no error; null when there is one to judge. */
function readSuccess(input: ClassifierInput, text: string): Reading | null {
  if (input.status >= 400) return null;
  if (!isEmpty(input.error) || input.exception !== '')
    return input.status >= 100 ? withoutEvidence(successReading(text)) : null;
  return withoutEvidence(
    input.status === 0 ? { rule: 'status.no_answer', class: 'connection' } : { rule: 'ok', class: 'ok' },
  );
}

function withoutEvidence(decision: Decision | null): Reading | null {
  if (decision === null) return null;
  const subclass = subclassOf(decision.class, decision.rule, 0);
  return { decision, hints: 0, generation: '', subclass, wait: null, fields: noFields };
}

function isEmpty(error: unknown): boolean {
  if (error === null || error === undefined || error === '') return true;
  try {
    return typeof error === 'object' && !(error instanceof Error) && Object.keys(error).length === 0;
  } catch {
    return false;
  }
}

function read(input: ClassifierInput, text: string, wantFields: boolean): Reading {
  const findings = scanText(text, wantFields);
  const { silenced } = findings;
  const first = decideOn(input, text, findings);
  const fields = wantFields ? readFields(text, findings) : noFields;
  // The error may have been told in a value that usually repeats the caller's words.
  const heard =
    first.decision.rule !== 'none' || !silenced ? first : decideOn(input, text, scanText(text, false, true));
  return { ...heard, fields };
}

function decideOn(input: ClassifierInput, text: string, findings: Findings): Omit<Reading, 'fields'> {
  const hints = findings.hints | (isGemini(input.provider) ? google : 0);
  const evidence: Evidence = { text, findings, hints, givenStatus: input.status, status: -1 };
  const decision = decide(evidence);
  return {
    decision,
    hints,
    generation: generationOf(decision, evidence, input.provider),
    subclass: subclassOf(decision.class, decision.rule, hints),
    wait: waitFromText(text, findings.waitAt),
  };
}

function isGemini(provider: string): boolean {
  return (
    provider === 'gemini' || provider === 'google' || provider === 'vertex_ai' || provider === 'vertexai'
  );
}

function answer(
  { decision, hints, generation, subclass, wait }: Reading,
  headers: ClassifierInput['headers'],
): Classification {
  const facts = errorClasses[decision.class];
  const retry = retryOf(facts.retry, subclass, hints, headers);
  return {
    class: decision.class,
    rule: decision.rule,
    generation,
    retry,
    fault: facts.fault,
    subclass,
    wait_seconds: retry === 'no' ? null : (waitFromHeaders(headers) ?? wait),
  };
}

/** The advice of the class, except for limits that no waiting lifts and for a provider that forbids the retry. */
function retryOf(advice: Retry, subclass: string, hints: number, headers: ClassifierInput['headers']): Retry {
  if (advice === 'no') return 'no';
  if (subclass === 'request_too_large' || (subclass === 'images_per_minute' && (hints & limitZero) !== 0))
    return 'no';
  return headers?.['x-should-retry'] === 'false' ? 'no' : advice;
}
