import type { Shortage } from '../../analyzers/count-window.ts';

type ShortageKind = 'none' | 'coarse' | 'left_out';

/**
 * Makes a function that returns a line when memory for counts becomes too small, or is sufficient again; otherwise
 * null. There is a line only when the kind of shortage changes, not in each tick in which the numbers change.
 * `windowMib` is `analyzers.window_mib`.
 */
export function createShortageReport(windowMib: number): (shortage: Shortage) => string | null {
  let reported: ShortageKind = 'none';
  return (shortage) => {
    const kind = kindOf(shortage);
    if (kind === reported) return null;
    reported = kind;
    return shortageText(shortage, windowMib);
  };
}

function kindOf({ left_out: leftOut, coarse }: Shortage): ShortageKind {
  return leftOut > 0 ? 'left_out' : coarse > 0 ? 'coarse' : 'none';
}

function shortageText({ left_out: leftOut, coarse }: Shortage, windowMib: number): string {
  if (leftOut === 0 && coarse === 0)
    return 'memory for counts suffices again: every organization is judged in full';
  const parts = [
    ...(leftOut === 0 ? [] : [`${organizations(leftOut)} not judged`]),
    ...(coarse === 0 ? [] : [`${organizations(coarse)} judged without key, client and region`]),
  ];
  return `memory for counts is full: ${parts.join(', ')}; a larger analyzers.window_mib (now ${windowMib}) helps`;
}

function organizations(n: number): string {
  return n === 1 ? '1 organization is' : `${n} organizations are`;
}
