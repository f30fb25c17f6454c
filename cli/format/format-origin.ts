import type { CommandContext } from '../context.ts';

/**
 * A line that names the place that sets the format or the mapping, for when no record could be read: the settings may
 * have been written for another log. Null when both are the default or come from flags of this command.
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
  return `  they were read as ${how}, which ${place} sets: if that is meant for another log, remove format and mapping there, or use other settings with --config`;
}
