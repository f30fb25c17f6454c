import type { Classification, ClassifierInput } from '../../domain/classification.ts';
import { errorClasses, type Retry } from '../../domain/error-class.ts';
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

const google = hintBits(['google', 'gemini']);
const limitZero = hintBits(['limit_zero']);
const MAX_EXCEPTION = 1024;
const noFields: ErrorFields = { type: '', code: '', message: '' };

/** The class of one request and the rule that gave it. Total and pure: the same input gives the same answer. */
export function classify(input: ClassifierInput): Classification {
  const text = textOf(input);
  const success = readSuccess(input, text);
  if (success !== null) return answer(input, success, null, null);
  return judgeFindings(input, text, scanText(text, false));
}

/** The class together with the innermost type, code and message of the error, as stored with the event. */
export function judge(input: ClassifierInput): Judgement {
  const text = textOf(input);
  const success = readSuccess(input, text);
  if (success !== null) return { classification: answer(input, success, null, null), ...noFields };
  const findings = scanText(text, true);
  const classification = judgeFindings(input, text, findings);
  const { type, code, message } = readFields(text, findings);
  return { classification, type, code, message };
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
function readSuccess(input: ClassifierInput, text: string): Decision | null {
  if (input.status >= 400) return null;
  if (!isEmpty(input.error) || input.exception !== '')
    return input.status >= 100 ? successReading(text) : null;
  return input.status === 0 ? { rule: 'status.no_answer', class: 'connection' } : { rule: 'ok', class: 'ok' };
}

function isEmpty(error: unknown): boolean {
  if (error === null || error === undefined || error === '') return true;
  try {
    return typeof error === 'object' && !(error instanceof Error) && Object.keys(error).length === 0;
  } catch {
    return false;
  }
}

function judgeFindings(input: ClassifierInput, text: string, findings: Findings): Classification {
  const first = judgeOnce(input, text, findings);
  // The error may have been told in a value that usually repeats the caller's words.
  if (first.rule !== 'none' || !findings.silenced) return first;
  return judgeOnce(input, text, scanText(text, false, true));
}

function judgeOnce(input: ClassifierInput, text: string, findings: Findings): Classification {
  const hints = findings.hints | (isGemini(input.provider) ? google : 0);
  const evidence: Evidence = { text, findings, hints, givenStatus: input.status, status: -1 };
  const decision = decide(evidence);
  const wait = waitFromHeaders(input.headers) ?? waitFromText(text, findings.waitAt);
  return answer(input, decision, evidence, wait);
}

function isGemini(provider: string): boolean {
  return (
    provider === 'gemini' || provider === 'google' || provider === 'vertex_ai' || provider === 'vertexai'
  );
}

function answer(
  input: ClassifierInput,
  decision: Decision,
  evidence: Evidence | null,
  wait: number | null,
): Classification {
  const hints = evidence?.hints ?? 0;
  const facts = errorClasses[decision.class];
  const subclass = subclassOf(decision.class, decision.rule, hints);
  const retry = retryOf(facts.retry, subclass, hints, input.headers);
  return {
    class: decision.class,
    rule: decision.rule,
    generation: generationOf(decision, evidence, input.provider),
    retry,
    fault: facts.fault,
    subclass,
    wait_seconds: retry === 'no' ? null : wait,
  };
}

/** The advice of the class, except for limits that no waiting lifts and for a provider that forbids the retry. */
function retryOf(advice: Retry, subclass: string, hints: number, headers: ClassifierInput['headers']): Retry {
  if (advice === 'no') return 'no';
  if (subclass === 'request_too_large' || (subclass === 'images_per_minute' && (hints & limitZero) !== 0))
    return 'no';
  return headers?.['x-should-retry'] === 'false' ? 'no' : advice;
}
