import type { StoredJudgement, StoredError } from '../../store/queries/reclassify-events.ts';
import { conclude, readError } from '../classify/classify.ts';
import { BODY_LIMIT } from '../rows/judged-error.ts';

/** The judgement of a stored error by the present rules. */
export type NewJudgement =
  | { kind: 'same' }
  | { kind: 'changed'; judged: StoredJudgement }
  /** The text was cut when it was stored, so the words that decided its class may be missing. */
  | { kind: 'cut' }
  /** By the present rules this is not a failure. */
  | { kind: 'success' };

/** A function that judges an error by the present rules. */
export type JudgeStoredError = (error: StoredError) => StoredJudgement;

/** Classifies an error from its stored columns. */
export const judgeStored: JudgeStoredError = ({
  dimensions: [provider = ''],
  status,
  body,
  exception,
  headers,
}) => {
  // An error without a text was stored as `{}`, `[]` or an empty text. None of these can be judged.
  const error = body === '' || body === '{}' || body === '[]' ? null : body;
  const reading = readError({ provider, status, error, exception });
  const { class: name, subclass, rule, generation, retry, fault, wait_seconds } = conclude(reading, headers);
  return { class: name, subclass, rule, generation, retry, fault, wait_seconds };
};

/** Judges a stored error by the rules of `judge` and compares the result with the old judgement. Pure. */
export function judgeAgain(error: StoredError, judge: JudgeStoredError): NewJudgement {
  if (error.body.length >= BODY_LIMIT) return { kind: 'cut' };
  const judged = judge(error);
  if (judged.class === 'ok') return { kind: 'success' };
  const { judged: old } = error;
  const isSame =
    judged.class === old.class &&
    judged.subclass === old.subclass &&
    judged.rule === old.rule &&
    judged.generation === old.generation &&
    judged.retry === old.retry &&
    judged.fault === old.fault &&
    judged.wait_seconds === old.wait_seconds;
  return isSame ? { kind: 'same' } : { kind: 'changed', judged };
}
