import type { Classification, ClassifierInput, Generation, Subclass } from '../../domain/classification.ts';
import { errorClasses, type Retry } from '../../domain/error-class.ts';
import { hintBits } from './engine/compile-rules.ts';
import { decide, type Evidence } from './engine/decide.ts';
import { type Decision, decisionOf } from './rules/decision.ts';
import { type ErrorFields, readFields } from './engine/error-fields.ts';
import { errorText } from './engine/error-text.ts';
import { envoyFlagReading } from './rules/envoy-flags.ts';
import { judgeStatus } from './rules/status-rules.ts';
import { generationOf } from './engine/generation.ts';
import { byReset } from './engine/reset.ts';
import { scanText } from './engine/scan.ts';
import type { Findings } from './engine/findings.ts';
import { subclassOf } from './engine/subclass.ts';
import { withoutQuotedInput } from './engine/quoted-input.ts';
import { success, successReading } from './engine/success-body.ts';
import { waitFromHeaders, waitFromText } from './engine/wait-time.ts';

/** What status, provider and text show, without the headers. */
export interface Reading {
  decision: Decision;
  hints: number;
  generation: Generation;
  subclass: Subclass;
  /** How long to wait, in seconds; null when the text names no time. */
  wait: number | null;
}

export interface FullReading extends Reading {
  /** Type, code and message of the innermost error; empty when the caller does not want them. */
  fields: ErrorFields;
}

type ErrorInput = Omit<ClassifierInput, 'headers'>;

const google = hintBits(['google', 'gemini']);
const limitZero = hintBits(['limit_zero']);
const ownGateway = hintBits(['own_gateway']);
const noAnswer = decisionOf('status.no_answer', 'connection');
const noHttpStatus = decisionOf('none', 'other');
const MAX_EXCEPTION = 1024;
const noFields: ErrorFields = { type: '', code: '', message: '' };

/** Classifies one request. Total and pure: it never throws, and the same input gives the same answer. */
export function classify(input: ClassifierInput): Classification {
  return conclude(readInput(input, false), input.headers);
}

/** Judges the error without the headers; `conclude` adds them. The same input gives the same answer. */
export function readError(input: ErrorInput): FullReading {
  return readInput(input, true);
}

function readInput(input: ErrorInput, wantFields: boolean): FullReading {
  return readSuccess(input) ?? read(input, textOf(input), wantFields);
}

function textOf(input: ErrorInput): string {
  const text = errorText(input.error);
  return input.exception === '' ? text : `${input.exception.slice(0, MAX_EXCEPTION)}: ${text}`;
}

/** The reading of a request that has no error; null when there is an error to judge. */
function readSuccess(input: ErrorInput): FullReading | null {
  if (input.status >= 400 || input.exception !== '') return null;
  if (!isEmpty(input.error)) return input.status >= 100 ? withoutEvidence(successReading(input.error)) : null;
  if (input.status === 0) return withoutEvidence(noAnswer);
  // A number below 100 is not an HTTP status but a program's own number, such as gRPC's 14 or an exit code.
  return withoutEvidence(input.status < 100 ? noHttpStatus : success);
}

function withoutEvidence(decision: Decision | null): FullReading | null {
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

function read(input: ErrorInput, text: string, wantFields: boolean): FullReading {
  const findings = scanText(text, wantFields);
  const { echoed } = findings;
  let heard = decideOn(input, text, findings);
  const fields = wantFields ? readFields(text, findings) : noFields;
  const own = mayQuoteInput(input.status, heard.decision) ? withoutQuotedInput(text) : text;
  if (own !== text) heard = decideOn(input, own, scanText(own, false));
  // The error may be inside a value that was skipped, because such values usually repeat words of the caller.
  if (heard.decision.rule === 'none' && echoed) heard = decideOn(input, own, scanText(own, false, true));
  return { ...heard, fields };
}

/**
 * Whether the words that decided may be the caller's own words: an answer that refuses an input often quotes it. If the
 * status alone gives the same class, a quotation makes no difference.
 */
function mayQuoteInput(status: number, decision: Decision): boolean {
  if (status !== 400 && status !== 404 && status !== 422 && status < 500) return false;
  return judgeStatus(status)?.class !== decision.class;
}

function decideOn(input: ErrorInput, text: string, findings: Findings): Reading {
  const hints = findings.hints | (isGemini(input.provider) ? google : 0);
  const evidence: Evidence = { text, findings, hints, givenStatus: input.status, status: -1 };
  const wait = waitFromText(text, findings.waitAt);
  const decision = byReset(envoyFlagReading(text) ?? decide(evidence), wait);
  return {
    decision,
    hints,
    generation: generationOf(decision, evidence, input.provider),
    subclass: subclassOf(decision.class, decision.rule, hints),
    wait,
  };
}

function isGemini(provider: string): boolean {
  return (
    provider === 'gemini' || provider === 'google' || provider === 'vertex_ai' || provider === 'vertexai'
  );
}

/** Makes the classification from a reading and the headers. */
export function conclude(
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
    fault: (hints & ownGateway) === 0 ? decision.fault : 'gateway',
    subclass,
    wait_seconds: retry === 'no' && !decision.lifts ? null : (waitFromHeaders(headers) ?? wait),
  };
}

/**
 * The retry advice of the class; but `no` for limits that do not end by waiting, and `no` when the provider forbids a
 * retry.
 */
function retryOf(advice: Retry, subclass: string, hints: number, headers: ClassifierInput['headers']): Retry {
  if (advice === 'no') return 'no';
  if (subclass === 'request_too_large' || (subclass === 'images_per_minute' && (hints & limitZero) !== 0))
    return 'no';
  return headers?.['x-should-retry'] === 'false' ? 'no' : advice;
}
