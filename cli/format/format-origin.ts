import type { CommandContext } from '../context.ts';

/**
 * Who says how records are read, to be told where none of them can be: the settings may have been written for another log.
 * Null where nobody does, or a flag of this very command.
 */
export function formatOrigin({
  settings,
  origins,
}: Pick<CommandContext, 'settings' | 'origins'>): string | null {
  const hasMapping = Object.keys(settings.mapping).length > 0;
  const places = [origins.get('format'), hasMapping ? origins.get('mapping') : undefined].filter(
    (place) => place !== undefined,
  );
  const written = places.filter((place) => !place.startsWith('--'));
  const [place] = written;
  if (place === undefined || (settings.format === 'auto' && !hasMapping)) return null;
  const how = `format ${settings.format}${hasMapping ? ' with a mapping' : ''}`;
  return `  they were read as ${how}, as ${place} says: where that is meant for another log, take format and mapping out of it, or name other settings with --config`;
}
