import type { RequestLog } from '../domain/request-log.ts';
import { judge } from './classify/classify.ts';
import { createDecoder, type DecoderOptions } from './formats/decode.ts';
import { redactMessage } from './formats/redact-message.ts';
import type { Judgement } from './fold.ts';
import type { Steps } from './gather.ts';

/** Decode, judge and redact as the worker uses them. Throws when the mapping of the format is wrong. */
export function createSteps(options: DecoderOptions): Steps {
  return {
    decode: createDecoder(options),
    judge: judgeRecord,
    redact: (value) => (value === null ? '' : redactMessage(value)),
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
  const plain =
    record.error === null && record.exception === '' && record.status >= 200 && record.status < 400;
  return plain ? success : judge(record);
}
