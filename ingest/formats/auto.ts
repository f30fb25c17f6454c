import type { Decoded } from '../../domain/request-log.ts';
import { asObject, type Format } from './format.ts';

/** A decoder that asks each format in turn whether a message has its shape. */
export function decodeAuto(
  candidates: readonly Format[],
  mapping: Readonly<Record<string, string>>,
): (value: unknown, now: number) => Decoded {
  const tried = candidates.map((format) => ({
    format,
    // A format that needs a mapping is built only when there is one.
    decode: lazily(() => format.create(mapping)),
  }));
  return (value, now) => {
    const message = asObject(value);
    const found =
      message === null ? undefined : tried.find(({ format }) => format.recognises(message, mapping));
    if (found === undefined) {
      return {
        kind: 'reject',
        reason: 'unknown_format',
        detail: 'no known format has this shape; set format, or a mapping',
      };
    }
    return found.decode(value, now);
  };
}

function lazily(
  create: () => (value: unknown, now: number) => Decoded,
): (value: unknown, now: number) => Decoded {
  let decode: ReturnType<typeof create> | undefined;
  return (value, now) => {
    decode ??= create();
    return decode(value, now);
  };
}
