/** `1,234,567`. */
export function formatCount(value: number): string {
  return Math.round(value)
    .toString()
    .replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

/** `4.2 %`; `–` when unknown. A small share has more decimals, so that it never looks like zero. */
export function formatShare(share: number | null): string {
  if (share === null) return '–';
  const percent = share * 100;
  if (percent === 0) return '0 %';
  if (percent >= 99.95 && percent < 100) return '>99.9 %';
  if (percent < 0.001) return '<0.001 %';
  const digits = percent >= 99.95 ? 0 : percent >= 1 ? 1 : percent >= 0.1 ? 2 : 3;
  return `${percent.toFixed(digits)} %`;
}

/** `+35 %`, `−80 %`; `×12` for growth to ten times or more, `new` after a time without errors, `–` when unknown. */
export function formatChange(change: number | null, errors: number, before: number | null): string {
  if (before === null) return '–';
  if (before === 0) return errors === 0 ? '–' : 'new';
  if (change === null) return '–';
  if (change >= 9) return `×${formatCount(change + 1)}`;
  const percent = Math.round(change * 100);
  return percent === 0 ? '±0 %' : `${percent > 0 ? '+' : '−'}${Math.abs(percent)} %`;
}

/** `2026-03-01 12:00`, in UTC; with seconds unless they are zero. */
export function formatTime(epochMs: number): string {
  const text = new Date(epochMs).toISOString();
  return text.slice(17, 19) === '00'
    ? text.slice(0, 16).replace('T', ' ')
    : text.slice(0, 19).replace('T', ' ');
}

/** `2d`, `1h 30m`, `45s`: the two largest units. */
export function formatDuration(seconds: number): string {
  const parts: string[] = [];
  let rest = Math.round(seconds);
  for (const [unit, length] of [
    ['d', 86_400],
    ['h', 3_600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    const amount = Math.floor(rest / length);
    rest -= amount * length;
    if (amount > 0) parts.push(`${amount}${unit}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.length === 0 ? '0s' : parts.join(' ');
}
