interface Placed {
  id?: unknown;
  title?: unknown;
  gridPos?: { x: number; w: number };
  panels?: Placed[];
}

/**
 * Turns what the SDK built into plain JSON for a file. It removes the placement that would hide links and annotations
 * in a menu. It throws what the SDK does not check: every panel must have a place and an id of its own, and must end
 * within the 24 columns of the page.
 */
export function finish(built: unknown): Record<string, unknown> {
  const plain = JSON.parse(
    JSON.stringify(built, (key, value: unknown) =>
      key === 'placement' && value === 'inControlsMenu' ? undefined : value,
    ),
  ) as Record<string, unknown> & { panels: Placed[] };
  const panels = plain.panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
  const seen = new Set<unknown>();
  for (const panel of panels) {
    const name = String(panel.title);
    if (typeof panel.id !== 'number') throw new Error(`panel "${name}" has no id`);
    if (seen.has(panel.id))
      throw new Error(`panel "${name}" has id ${panel.id}, which another panel has too`);
    seen.add(panel.id);
    if (panel.gridPos === undefined) throw new Error(`panel "${name}" has no place on the page`);
    const end = panel.gridPos.x + panel.gridPos.w;
    if (end > 24) throw new Error(`panel "${name}" ends at column ${end}; the page has 24`);
  }
  return plain;
}
