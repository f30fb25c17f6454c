import type { Shortage } from '../../analyzers/count-window.ts';

type ShortageKind = 'none' | 'coarse' | 'left_out';

/**
 * Makes a function that reports when memory for counts becomes too small, or is sufficient again: one line per change
 * of kind, not one per tick while the numbers vary; null when nothing changed. `windowMib` is `analyzers.window_mib`.
 */
export function tellShortage(windowMib: number): (shortage: Shortage) => string | null {
  let said: ShortageKind = 'none';
  return (shortage) => {
    const kind = kindOf(shortage);
    if (kind === said) return null;
    said = kind;
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
