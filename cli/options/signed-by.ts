import type { CommandContext } from '../context.ts';
import { UserError } from '../errors.ts';

const LONGEST = 500;

/**
 * The author and the note of a silence or acknowledgement; by default the author is the user of the machine. Throws
 * `UserError` naming the flag.
 */
export function signedBy(
  { by, note = '' }: { by?: string; note?: string },
  { env }: Pick<CommandContext, 'env'>,
): { by: string; note: string } {
  for (const [flag, text] of [
    ['--by', by ?? ''],
    ['--note', note],
  ] as const)
    if (text.length > LONGEST) throw new UserError(`${flag} is longer than ${LONGEST} characters`);
  return { by: by ?? env['USER'] ?? env['LOGNAME'] ?? 'somebody', note };
}
