import type { RequestClass } from '../../domain/error-class.ts';
import { chinesePhrases, type CompiledRule, compiledRules } from './compiled.ts';
import { type Stage, stages } from './rules.ts';
import { type Findings, RANK_ATTEMPT } from './scan.ts';
import { judgeStatus } from './status.ts';
import { isMeant } from './surroundings.ts';

export interface Decision {
  rule: string;
  class: RequestClass;
}

const ABORT = stages.indexOf('abort');
const CODE = stages.indexOf('code');
const SENTENCE = stages.indexOf('sentence');
const CHINESE = stages.indexOf('chinese');
/** Stages whose order alone counts, not the place in the text. */
const unplaced = stages.map(
  (stage) => !['code', 'sentence', 'chinese', 'loose_code', 'word', 'reason', 'last'].includes(stage),
);
const afterStatus: readonly Stage[] = ['exception', 'reason', 'transport', 'late_exception', 'last'];
const beforeStatus: readonly Stage[] = ['loose_code', 'word'];

const bestRules = new Int32Array(stages.length);
const bestScores = new Float64Array(stages.length);

/**
 * The rule that wins among those found: the caller's abort; codes, then sentences, of the last attempt and the
 * innermost place; then weaker words, the HTTP status, and what the client's side says.
 */
export function decide(text: string, findings: Findings, hints: number, status: number): Decision {
  bestRules.fill(-1);
  bestScores.fill(-1);
  const httpStatus = status < 400 ? 0 : status;
  for (let i = 0; i < findings.count; i++) {
    const order = findings.rules[i] ?? 0;
    const rule = compiledRules[order];
    if (rule !== undefined && applies(rule, hints, httpStatus))
      compete(rule, order, findings.ranks[order] ?? 0);
  }
  if (findings.chineseRank >= 0) competeInChinese(text, findings.chineseRank, hints, httpStatus);
  const early = winnerOf(ABORT) ?? winnerOf(CODE);
  if (early !== null) return early;
  for (let i = 0; i < findings.lateCount; i++) {
    const meaning = findings.lateMeanings[i];
    const rule = compiledRules[meaning?.index ?? -1];
    if (meaning === undefined || rule === undefined || !applies(rule, hints, httpStatus)) continue;
    if (isMeant(meaning, text, findings.lateEnds[i] ?? 0))
      compete(rule, meaning.index, findings.lateRanks[i] ?? 0);
  }
  return (
    firstWinner(beforeStatus) ??
    judgeStatus(httpStatus) ??
    firstWinner(afterStatus) ?? { rule: 'none', class: 'other' }
  );
}

function applies(rule: CompiledRule, hints: number, httpStatus: number): boolean {
  if ((hints & rule.all) !== rule.all || (hints & rule.none) !== 0) return false;
  if (rule.statuses !== null && !rule.statuses.includes(httpStatus)) return false;
  return !rule.notStatuses.includes(httpStatus);
}

function compete(rule: CompiledRule, order: number, rank: number): void {
  // Codes and sentences compete with each other, so that a later attempt beats an earlier one of either kind.
  const stage = rule.stage === SENTENCE || rule.stage === CHINESE ? CODE : rule.stage;
  const attempt = Math.floor(rank / RANK_ATTEMPT);
  const depth = unplaced[rule.stage] === true ? 0 : rank % RANK_ATTEMPT;
  const kind = rule.stage === CODE ? 1 : 0;
  const score = ((attempt * 2 + kind) * RANK_ATTEMPT + depth) * RANK_ATTEMPT + (compiledRules.length - order);
  if (score <= (bestScores[stage] ?? 0)) return;
  bestScores[stage] = score;
  bestRules[stage] = order;
}

function competeInChinese(text: string, rank: number, hints: number, httpStatus: number): void {
  for (const { phrase, order } of chinesePhrases) {
    const rule = compiledRules[order];
    if (rule !== undefined && text.includes(phrase) && applies(rule, hints, httpStatus)) compete(rule, order, rank);
  }
}

function firstWinner(candidates: readonly Stage[]): Decision | null {
  for (const stage of candidates) {
    const winner = winnerOf(stages.indexOf(stage));
    if (winner !== null) return winner;
  }
  return null;
}

function winnerOf(stage: number): Decision | null {
  const rule = compiledRules[bestRules[stage] ?? -1];
  return rule === undefined ? null : { rule: rule.id, class: rule.class };
}
