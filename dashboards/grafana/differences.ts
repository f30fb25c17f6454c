/**
 * How Grafana's object differs from ours, one line per place: `panels.3.title: "a" -> "b"`. Fields that only Grafana
 * has (ids, times, defaults that it adds) do not count.
 */
export function differences(theirs: unknown, ours: unknown, path = ''): string[] {
  if (Array.isArray(ours)) {
    if (!Array.isArray(theirs)) return [line(path, theirs, ours)];
    const changed = ours.flatMap((item, at) => differences(theirs[at], item, under(path, at)));
    const more = theirs.length - ours.length;
    return more > 0 ? [...changed, `${path}: ${more} more there`] : changed;
  }
  if (typeof ours === 'object' && ours !== null) {
    if (typeof theirs !== 'object' || theirs === null || Array.isArray(theirs))
      return [line(path, theirs, ours)];
    const there = new Map(Object.entries(theirs));
    return Object.entries(ours).flatMap(([name, value]) =>
      differences(there.get(name), value, under(path, name)),
    );
  }
  // Grafana leaves out fields with an empty value.
  const nothing = (value: unknown): boolean =>
    value === undefined || value === null || value === '' || value === false;
  if (theirs === ours || (nothing(theirs) && nothing(ours))) return [];
  return [line(path, theirs, ours)];
}

function under(path: string, name: string | number): string {
  return path === '' ? String(name) : `${path}.${name}`;
}

function line(path: string, theirs: unknown, ours: unknown): string {
  return `${path}: ${short(theirs)} -> ${short(ours)}`;
}

function short(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > 100 ? `${text.slice(0, 99)}…` : text;
}
