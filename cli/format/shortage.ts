import type { Shortage } from '../../analyzers/count-window.ts';

type Kind = 'none' | 'coarse' | 'left_out';

/**
 * Gives the line that tells people that memory for counts does not suffice, or does again: once for each change, not at
 * each tick while the numbers go up and down; null where there is nothing new to say. `windowMib` is `analyzers.window_mib`.
 */
export function tellShortage(windowMib: number): (shortage: Shortage) => string | null {
  let said: Kind = 'none';
  return (shortage) => {
    const kind = kindOf(shortage);
    if (kind === said) return null;
    said = kind;
    return shortageText(shortage, windowMib);
  };
}

function kindOf({ left_out: leftOut, coarse }: Shortage): Kind {
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
