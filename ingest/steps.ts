import type { RequestLog } from '../domain/request-log.ts';
import { judge } from './classify/classify.ts';
import { createDecoder, type DecoderOptions } from './formats/decode.ts';
import { redactText } from './formats/redact.ts';
import type { Judgement } from './fold.ts';
import type { Steps } from './gather.ts';

/** Text of a dead letter that is stored at most, in bytes. */
const DEAD_LETTER_BYTES = 1024 * 1024;

/** Decode, judge and redact as the worker uses them. Throws when the mapping of the format is wrong. */
export function createSteps(options: DecoderOptions): Steps {
  return {
    decode: createDecoder(options),
    judge: judgeRecord,
    redact: (value) => (value === null ? '' : redactText(value.subarray(0, DEAD_LETTER_BYTES).toString('utf8'))),
  };
}

const success: Judgement = {
  classification: {
    class: 'ok',
    rule: 'ok',
    generation: '',
    retry: 'no',
    fault: 'unknown',
    subclass: '',
    wait_seconds: null,
  },
  type: '',
  code: '',
  message: '',
};

/** Most records are plain successes, about which the rules have nothing to say. */
function judgeRecord(record: RequestLog): Judgement {
  const plain = record.error === null && record.exception === '' && record.status >= 200 && record.status < 400;
  return plain ? success : judge(record);
}
