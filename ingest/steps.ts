import type { Privacy } from '../domain/settings.ts';
import { Cleaner } from './fields/clean.ts';
import { createDecoder, type DecoderOptions, LARGEST_BYTES } from './formats/decode.ts';
import { PlainReader } from './native-bytes/plain-record.ts';
import type { Steps } from './gather.ts';

/** Reading, decoding and redacting as the worker does them. Throws when the mapping of the format is wrong. */
export function createSteps(options: DecoderOptions & { privacy?: Privacy }): Steps {
  const cleaner = new Cleaner(options.privacy);
  const reader = new PlainReader(cleaner);
  // The two under which a message with a `ts` is a native record, whatever else it holds.
  const mayBeNative = options.format === 'auto' || options.format === 'native';
  return {
    readPlain: ({ bytes, start, end }, now, wanted) =>
      mayBeNative && end > start && end - start <= LARGEST_BYTES
        ? reader.read(bytes, start, end, now, wanted)
        : null,
    decode: createDecoder(options, cleaner),
    redact: (value) => (value === null ? '' : cleaner.message(value)),
  };
}
