import { chinesePhrases, type CompiledRule, compiledRules } from './compile-rules.ts';
import { type Decision, decisionOf } from '../rules/decision.ts';
import { toNormalForm } from './normal-form.ts';
import { type RuleStage, stages } from '../rules/ordered-rules.ts';
import { type Findings, RANK_ATTEMPT } from './findings.ts';
import { judgeStatus } from '../rules/status-rules.ts';
import { statedStatus } from './status-text.ts';
import { isMeant } from './phrase-context.ts';

/**
 * What a decision is based on. `givenStatus` is the status of the record; a status in the text has priority over it.
 */
export interface Evidence {
  text: string;
  findings: Findings;
  hints: number;
  givenStatus: number;
  /** The status that decides; -1 until `statusOf` has found it. */
  status: number;
}

const ABORT = stages.indexOf('abort');
const CODE = stages.indexOf('code');
const SENTENCE = stages.indexOf('sentence');
const CHINESE = stages.indexOf('chinese');
/**
 * Stages in which it does not matter how deep in objects a phrase is. Only its attempt (a text may hold the errors of
 * several) and the order of the rules count.
 */
const unplaced = stages.map(
  (stage) => !['code', 'sentence', 'chinese', 'loose_code', 'word', 'reason', 'last'].includes(stage),
);
const afterStatus: readonly RuleStage[] = ['exception', 'reason', 'transport', 'late_exception', 'last'];
const beforeStatus: readonly RuleStage[] = ['loose_code', 'word'];

const FIRST_CHINESE = 0x4e00;
const undecided = decisionOf('none', 'other');

const bestRules = new Int32Array(stages.length);
const bestScores = new Float64Array(stages.length);

/**
 * The decision of the best rule that was found. The stages in order: an abort by the caller; codes, then sentences, of
 * the last attempt and the innermost object; weaker words; the HTTP status; exceptions, reason phrases and messages of
 * clients.
 */
export function decide(evidence: Evidence): Decision {
  const { text, findings } = evidence;
  bestRules.fill(-1);
  bestScores.fill(-1);
  for (let i = 0; i < findings.count; i++) {
    const order = findings.rules[i] ?? 0;
    const rule = compiledRules[order];
    if (rule !== undefined && applies(rule, evidence)) compete(rule, order, findings.ranks[order] ?? 0);
  }
  if (findings.chineseRank >= 0) competeInChinese(evidence);
  const early = winnerOf(ABORT) ?? winnerOf(CODE);
  if (early !== null) return early;
  for (let i = 0; i < findings.lateCount; i++) {
    const meaning = findings.lateMeanings[i];
    const rule = compiledRules[meaning?.index ?? -1];
    if (meaning === undefined || rule === undefined || !applies(rule, evidence)) continue;
    if (isMeant(meaning, text, findings.lateEnds[i] ?? 0))
      compete(rule, meaning.index, findings.lateRanks[i] ?? 0);
  }
  return (
    firstWinner(beforeStatus) ?? judgeStatus(statusOf(evidence)) ?? firstWinner(afterStatus) ?? undecided
  );
}

/** The status that decides: the one that the text states, otherwise the given one. `evidence` remembers the result. */
export function statusOf(evidence: Evidence): number {
  if (evidence.status >= 0) return evidence.status;
  const stated = statedStatus(evidence.text, evidence.findings);
  evidence.status = stated === 0 ? evidence.givenStatus : stated;
  return evidence.status;
}

function applies(rule: CompiledRule, evidence: Evidence): boolean {
  const { hints } = evidence;
  if ((hints & rule.all) !== rule.all || (hints & rule.none) !== 0) return false;
  if (rule.statuses !== null && !rule.statuses.includes(failedStatus(evidence))) return false;
  for (const status of rule.notStatuses) {
    if (mayBe(evidence, status) && failedStatus(evidence) === status) return false;
  }
  return true;
}

/** The status that decides; 0 when it is not the status of a failure. */
function failedStatus(evidence: Evidence): number {
  const status = statusOf(evidence);
  return status < 400 ? 0 : status;
}

/**
 * False when the status is neither the given one nor a number in the text. This test is faster than finding the status
 * that decides.
 */
function mayBe({ findings, givenStatus }: Evidence, status: number): boolean {
  if (givenStatus === status) return true;
  for (let i = 0; i < findings.numberCount; i++) if (findings.numbers[i] === status) return true;
  return false;
}

function compete(rule: CompiledRule, order: number, rank: number): void {
  // Codes and sentences compete with each other, so that a sentence of a later attempt wins over a code of an earlier
  // one.
  const stage = rule.stage === SENTENCE || rule.stage === CHINESE ? CODE : rule.stage;
  const attempt = Math.floor(rank / RANK_ATTEMPT);
  const depth = unplaced[rule.stage] === true ? 0 : rank % RANK_ATTEMPT;
  const kind = rule.stage === CODE ? 1 : 0;
  const score = ((attempt * 2 + kind) * RANK_ATTEMPT + depth) * RANK_ATTEMPT + (compiledRules.length - order);
  if (score <= (bestScores[stage] ?? 0)) return;
  bestScores[stage] = score;
  bestRules[stage] = order;
}

function competeInChinese(evidence: Evidence): void {
  const { text: raw, findings } = evidence;
  // Raw JSON may contain the characters as escape sequences.
  const text = raw.includes('\\u') ? toNormalForm(raw) : raw.toLowerCase();
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < FIRST_CHINESE) continue;
    for (const { phrase, anchor, order } of chinesePhrases.get(code) ?? []) {
      const rule = compiledRules[order];
      if (rule === undefined || !text.startsWith(phrase, i - anchor) || !applies(rule, evidence)) continue;
      compete(rule, order, findings.chineseRank);
    }
  }
}

function firstWinner(candidates: readonly RuleStage[]): Decision | null {
  for (const stage of candidates) {
    const winner = winnerOf(stages.indexOf(stage));
    if (winner !== null) return winner;
  }
  return null;
}

function winnerOf(stage: number): Decision | null {
  return compiledRules[bestRules[stage] ?? -1]?.decision ?? null;
}
