import type { RequestLog } from '../domain/request-log.ts';
import { judge } from './classify/classify.ts';
import { createDecoder, type DecoderOptions, LARGEST_BYTES } from './formats/decode.ts';
import { PlainSuccessReader } from './formats/plain-success.ts';
import { redactMessage } from './formats/redact-message.ts';
import type { Judgement } from './event-row.ts';
import { success } from './fold.ts';
import type { Steps } from './gather.ts';

/** Decode, judge and redact as the worker uses them. Throws when the mapping of the format is wrong. */
export function createSteps(options: DecoderOptions): Steps {
  const reader = new PlainSuccessReader();
  // The two under which a message with a `ts` is a native record, whatever else it holds.
  const mayBeNative = options.format === 'auto' || options.format === 'native';
  return {
    readPlainSuccess: ({ bytes, start, end }, now) =>
      mayBeNative && end - start <= LARGEST_BYTES ? reader.read(bytes, start, end, now) : null,
    decode: createDecoder(options),
    judge: judgeRecord,
    redact: (value) => (value === null ? '' : redactMessage(value)),
  };
}

const judgedSuccess: Judgement = { classification: success, type: '', code: '', message: '' };

/** Most records are plain successes, about which the rules have nothing to say. */
function judgeRecord(record: RequestLog): Judgement {
  const plain =
    record.error === null && record.exception === '' && record.status >= 200 && record.status < 400;
  return plain ? judgedSuccess : judge(record);
}
