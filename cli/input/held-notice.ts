import type { StartSource } from './start-source.ts';

const MOST = 3;
/** Topics of files and pipes: `file:app.log#1a2b3c4d`. */
const OWN_TOPIC = /^(?:file:)?(?<name>.*)#[0-9a-f]+$/;

/**
 * A warning that the data directory already holds other inputs, because the page shows all of them together. Null when
 * it holds nothing else, or only earlier parts of the followed file. `topic`: the topic of the source.
 */
export function heldNotice(
  topic: string,
  held: readonly string[],
  { data, source }: { data: string; source: Pick<StartSource, 'isHistory' | 'file'> },
): string | null {
  const isSame = (other: string): boolean =>
    other === topic || (!source.isHistory && nameOf(other) === nameOf(topic));
  const names = [...new Set(held.filter((other) => !isSame(other)).map(nameOf))];
  if (names.length === 0) return null;
  const more = names.length > MOST ? ` and ${names.length - MOST} more` : '';
  const apart = source.file === null ? '' : `, and faultline replay ${source.file} reads it alone`;
  return `${data} holds ${names.slice(0, MOST).join(', ')}${more} already, and both are shown together: --data DIR keeps this one apart${apart}`;
}

function nameOf(topic: string): string {
  return OWN_TOPIC.exec(topic)?.groups?.['name'] ?? topic;
}
