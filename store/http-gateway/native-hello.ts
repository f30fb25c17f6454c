/** The first query of a client of the native format, with any spaces. */
const greeting = 'SELECT displayName(), version(), revision(), timezone()';

/** True for the first query of ClickHouse's Go driver, and so of Grafana's plug-in. */
export function isGreeting(statement: string): boolean {
  return (
    statement
      .trim()
      .replaceAll(/\s+/g, ' ')
      .replace(/;$/, '')
      .replace(/ FORMAT Native$/i, '') === greeting
  );
}

/**
 * The answer to the first query: one Native block at the client's own revision, with block info and one byte of
 * serialization kind per column. The answer states revision 0. So the client expects later blocks without this info and
 * these bytes, as the engine writes them.
 */
export function greetingAnswer(server: { displayName: string; version: string; timezone: string }): Buffer {
  return Buffer.concat([
    // Field 1, overflows: no. Field 2, bucket: -1 (none). End of the info.
    Buffer.from([1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0]),
    Buffer.from([4, 1]),
    column('displayName()', 'String', text(server.displayName)),
    column('version()', 'String', text(server.version)),
    column('revision()', 'UInt32', Buffer.alloc(4)),
    column('timezone()', 'String', text(server.timezone)),
  ]);
}

function column(name: string, type: string, values: Buffer): Buffer {
  return Buffer.concat([text(name), text(type), Buffer.from([0]), values]);
}

/** The length as LEB128, then the bytes. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  const length: number[] = [];
  let rest = bytes.length;
  for (; rest > 0x7f; rest >>>= 7) length.push((rest & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([...length, rest]), bytes]);
}
