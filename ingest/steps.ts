import { createDecoder, type DecoderOptions, LARGEST_BYTES } from './formats/decode.ts';
import { PlainReader } from './formats/plain/plain-record.ts';
import { redactMessage } from './formats/redact-message.ts';
import type { Steps } from './gather.ts';

/** Reading, decoding and redacting as the worker does them. Throws when the mapping of the format is wrong. */
export function createSteps(options: DecoderOptions): Steps {
  const reader = new PlainReader();
  // The two under which a message with a `ts` is a native record, whatever else it holds.
  const mayBeNative = options.format === 'auto' || options.format === 'native';
  return {
    readPlain: ({ bytes, start, end }, now, wanted) =>
      mayBeNative && end > start && end - start <= LARGEST_BYTES
        ? reader.read(bytes, start, end, now, wanted)
        : null,
    decode: createDecoder(options),
    redact: (value) => (value === null ? '' : redactMessage(value)),
  };
}
