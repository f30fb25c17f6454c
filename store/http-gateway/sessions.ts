import type { Engine } from '../store.ts';
import type { EngineSession } from '../engine-session.ts';
import { createSessionPool, type SessionPool } from '../session-pool.ts';
import { Exception } from './exception.ts';
import { readBounds } from './url-settings.ts';

/** A session that remembers its present database. */
export interface Session extends EngineSession {
  /** Switches to the database unless it is the present one. */
  enter(database: string): Promise<void>;
}

/** The sessions of the gateway; the store has its own. */
export interface Sessions {
  /** Sessions that cannot change anything; the engine enforces it. */
  readers: SessionPool<Session>;
  /** Sessions for inserts. An insert leaves no state in its session. */
  inserters: SessionPool<Session>;
  /**
   * Runs `act` on a session that is closed afterwards, so that its settings end with it. `settings` may contain the
   * values of placeholders under `param_` and the name.
   */
  fresh<R>(
    rights: 'read' | 'write',
    settings: Readonly<Record<string, string>>,
    act: (session: Session) => Promise<R>,
  ): Promise<R>;
  /** Runs an insert; refuses it while the engine's disk is nearly full. */
  guard: Engine['guard'];
  close(): Promise<void>;
}

/** A second session for inserts adds a third of throughput; on two cores, a third session loses this gain. */
const INSERTERS = 2;
const READERS = 3;
const FRESH = { read: 3, write: 2 };

/** Settings of every session of the gateway: they limit the size of an answer and switch off risky features. */
const bounds = {
  max_result_bytes: '268435456',
  result_overflow_mode: 'throw',
  implicit_select: '0',
  allow_introspection_functions: '0',
};

/**
 * A session with `readonly` cannot change anything, this setting included. `max_parser_backtracks` is the only limit
 * that bounds the time of parsing.
 */
const reading = { max_parser_backtracks: 10_000, readonly: 1 };

/** Creates the gateway's sessions on an engine. Each opens when it is first needed. */
export function createSessions(engine: Engine): Sessions {
  const open = async (
    rights: 'read' | 'write',
    settings: Readonly<Record<string, string>>,
  ): Promise<Session> => {
    const session = withDatabase(engine.openSession());
    try {
      const rule =
        rights === 'read'
          ? { ...bounds, ...readBounds, ...settings, ...reading }
          : { ...bounds, max_execution_time: readBounds.max_execution_time, ...settings };
      await session.run(setStatement(rule));
      return session;
    } catch (error) {
      session.close();
      throw error;
    }
  };
  const close = (session: Session): void => session.close();
  const readers = createSessionPool(READERS, () => open('read', {}), close);
  const inserters = createSessionPool(INSERTERS, () => open('write', {}), close);
  const place = (size: number) =>
    createSessionPool(
      size,
      () => null,
      () => undefined,
    );
  const places = { read: place(FRESH.read), write: place(FRESH.write) };
  return {
    readers,
    inserters,
    guard: engine.guard,
    fresh: (rights, settings, act) =>
      places[rights].use(async () => {
        const session = await open(rights, settings);
        try {
          return await act(session);
        } finally {
          session.close();
        }
      }),
    close: async () => {
      await Promise.all([readers.close(), inserters.close(), places.read.close(), places.write.close()]);
    },
  };
}

function withDatabase(session: EngineSession): Session {
  let present = '';
  return {
    ...session,
    enter: async (database) => {
      if (database === present) return;
      await session.run(`USE ${quoteName(database)}`);
      present = database;
    },
  };
}

function setStatement(settings: Readonly<Record<string, string | number>>): string {
  const pairs = Object.entries(settings).map(([name, value]) => {
    if (!/^\w+$/.test(name))
      throw new Exception(115, 'UNKNOWN_SETTING', `Unknown setting ${JSON.stringify(name)}`);
    return `${name} = ${quoteText(String(value))}`;
  });
  return `SET ${pairs.join(', ')}`;
}

function quoteName(name: string): string {
  return `\`${name.replaceAll(/[\\`]/g, '\\$&')}\``;
}

/** The text as an SQL string literal. */
export function quoteText(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
}
