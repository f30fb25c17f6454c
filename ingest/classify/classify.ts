import type { Classification, ClassifierInput } from '../../domain/classification.ts';
import { errorClasses, type RequestClass, type Retry } from '../../domain/error-class.ts';
import { ruleHints } from './compiled.ts';
import { type ErrorFields, readFields } from './error-fields.ts';
import { errorText } from './error-text.ts';
import { generationOf } from './generation.ts';
import { type Hint, hints } from './rule.ts';
import { orderedRules, type Stage, type StagedRule } from './rules.ts';
import { type Findings, RANK_ATTEMPT, scanText } from './scan.ts';
import { judgeStatus } from './status.ts';
import { subclassOf } from './subclass.ts';
import { successReading } from './success-body.ts';
import { isMeant } from './surroundings.ts';
import { waitFromHeaders, waitFromText } from './wait-time.ts';

export interface Judgement extends ErrorFields {
  classification: Classification;
}

const noFields: ErrorFields = { type: '', code: '', message: '' };

interface Decision {
  rule: string;
  class: RequestClass;
}

/** The class of one request and the rule that gave it. Total and pure: the same input gives the same answer. */
export function classify(input: ClassifierInput): Classification {
  return judgeText(input, textOf(input), false).classification;
}

/** The class together with the innermost type, code and message of the error, as stored with the event. */
export function judge(input: ClassifierInput): Judgement {
  return judgeText(input, textOf(input), true);
}

/** The innermost type, code and message of an error; empty where it has none. */
export function describeError(error: unknown): ErrorFields {
  const text = errorText(error);
  return readFields(text, scanText(text, true));
}

function textOf(input: ClassifierInput): string {
  const text = errorText(input.error);
  return input.exception === '' ? text : `${input.exception}: ${text}`;
}

function judgeText(input: ClassifierInput, text: string, wantFields: boolean): Judgement {
  if (text === '' && input.status < 400) {
    const decision: Decision =
      input.status === 0
        ? { rule: 'status.no_answer', class: 'connection' }
        : { rule: 'ok', class: 'ok' };
    return { classification: answer(input, decision, input.status, 0, null), ...noFields };
  }
  const success = input.status >= 100 && input.status < 400 ? successReading(text) : null;
  if (success !== null) return { classification: answer(input, success, input.status, 0, null), ...noFields };

  const first = judgeReading(input, text, scanText(text, wantFields), wantFields);
  // The error may have been told in a value that usually repeats the caller's words.
  if (first.classification.rule !== 'none' || !first.silenced) return first;
  return judgeReading(input, text, scanText(text, wantFields, true), wantFields);
}

function judgeReading(
  input: ClassifierInput,
  text: string,
  findings: Findings,
  wantFields: boolean,
): Judgement & { silenced: boolean } {
  const seenHints = findings.hints | providerHint(input.provider);
  const status = findings.status === 0 ? input.status : findings.status;
  const decision = decide(text, findings, seenHints, status);
  const wait = waitFromHeaders(input.headers) ?? waitFromText(text, findings.waitAt);
  const classification = answer(input, decision, status, seenHints, wait);
  const fields = wantFields ? readFields(text, findings) : noFields;
  return { classification, ...fields, silenced: findings.silenced };
}

function providerHint(provider: string): number {
  const hint: Hint | null =
    provider === 'gemini' || provider === 'google' || provider === 'vertex_ai' || provider === 'vertexai'
      ? 'gemini'
      : null;
  return hint === null ? 0 : 1 << hints.indexOf(hint);
}

const best: Record<Stage, { rule: number; score: number }> = {
  abort: { rule: -1, score: -1 },
  code: { rule: -1, score: -1 },
  sentence: { rule: -1, score: -1 },
  loose_code: { rule: -1, score: -1 },
  word: { rule: -1, score: -1 },
  exception: { rule: -1, score: -1 },
  reason: { rule: -1, score: -1 },
  transport: { rule: -1, score: -1 },
  late_exception: { rule: -1, score: -1 },
  last: { rule: -1, score: -1 },
};
const slots = Object.values(best);

/** Codes and sentences of the last attempt that has any; then weaker evidence; then the status; then transport. */
function decide(text: string, findings: Findings, seenHints: number, status: number): Decision {
  for (const slot of slots) {
    slot.rule = -1;
    slot.score = -1;
  }
  const httpStatus = status < 400 ? 0 : status;
  for (let i = 0; i < findings.count; i++) {
    const order = findings.rules[i] ?? 0;
    const rule = orderedRules[order];
    if (rule !== undefined && applies(rule, order, seenHints, httpStatus)) compare(rule, order, findings.ranks[order] ?? 0);
  }
  const early = chosen('abort') ?? chosen('code');
  if (early !== null) return early;
  for (let i = 0; i < findings.lateCount; i++) {
    const meaning = findings.lateMeanings[i];
    const rule = orderedRules[meaning?.index ?? -1];
    if (meaning === undefined || rule === undefined) continue;
    if (!applies(rule, meaning.index, seenHints, httpStatus)) continue;
    if (isMeant(meaning, text, findings.lateEnds[i] ?? 0)) compare(rule, meaning.index, findings.lateRanks[i] ?? 0);
  }
  return (
    chosen('loose_code') ??
    chosen('word') ??
    judgeStatus(httpStatus) ??
    chosen('exception') ??
    chosen('reason') ??
    chosen('transport') ??
    chosen('late_exception') ??
    chosen('last') ?? { rule: 'none', class: 'other' }
  );
}

function applies(rule: StagedRule, order: number, seenHints: number, httpStatus: number): boolean {
  const needed = ruleHints[order];
  if (needed === undefined || (seenHints & needed.all) !== needed.all || (seenHints & needed.none) !== 0) return false;
  if (rule.status === 'none') return httpStatus === 0;
  if (rule.status !== undefined && !rule.status.includes(httpStatus)) return false;
  return !(rule.notStatus?.includes(httpStatus) ?? false);
}

function compare(rule: StagedRule, order: number, rank: number): void {
  // Codes and sentences share a slot, so that a later attempt beats an earlier one of either kind.
  const code = rule.stage === 'code';
  const slot = best[rule.stage === 'sentence' ? 'code' : rule.stage];
  const innermost = rule.stage === 'transport' || rule.stage === 'abort' || rule.stage.endsWith('exception') ? 0 : 1;
  const attempt = Math.floor(rank / RANK_ATTEMPT);
  const depth = rank % RANK_ATTEMPT;
  const score =
    ((attempt * 2 + (code ? 1 : 0)) * RANK_ATTEMPT + depth * innermost) * RANK_ATTEMPT + (orderedRules.length - order);
  if (score <= slot.score) return;
  slot.score = score;
  slot.rule = order;
}

function chosen(stage: Stage): Decision | null {
  const rule = orderedRules[best[stage].rule];
  return rule === undefined ? null : { rule: rule.id, class: rule.class };
}

function answer(
  input: ClassifierInput,
  decision: Decision,
  status: number,
  seenHints: number,
  wait: number | null,
): Classification {
  const facts = errorClasses[decision.class];
  const subclass = subclassOf(decision.class, decision.rule, seenHints);
  const retry = retryOf(facts.retry, subclass, seenHints, input.headers);
  return {
    class: decision.class,
    rule: decision.rule,
    generation: generationOf(decision.class, decision.rule, status, seenHints, input.provider),
    retry,
    fault: facts.fault,
    subclass,
    wait_seconds: retry === 'no' ? null : wait,
  };
}

const limitZero = 1 << hints.indexOf('limit_zero');

/** The advice of the class, except for limits that no waiting lifts and for a provider that forbids the retry. */
function retryOf(advice: Retry, subclass: string, seenHints: number, headers: ClassifierInput['headers']): Retry {
  if (advice === 'no') return 'no';
  if (subclass === 'request_too_large' || (subclass === 'images_per_minute' && (seenHints & limitZero) !== 0)) return 'no';
  return headers?.['x-should-retry'] === 'false' ? 'no' : advice;
}
