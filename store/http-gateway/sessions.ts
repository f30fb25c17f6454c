import type { Engine } from '../store.ts';
import type { EngineSession } from '../engine-session.ts';
import { createSessionPool, type SessionPool } from '../session-pool.ts';
import { Exception } from './exception.ts';
import { readBounds } from './url-settings.ts';

/** A session that knows the database it stands in. */
export interface Session extends EngineSession {
  /** Moves to the database unless it is there already. */
  enter(database: string): Promise<void>;
}

/** The sessions of the gateway, apart from the store's own. */
export interface Sessions {
  /** Sessions that cannot change anything; the engine itself sees to that. */
  readers: SessionPool<Session>;
  /** Sessions for inserts, which leave nothing behind. */
  inserters: SessionPool<Session>;
  /**
   * Runs `act` on a session that is closed afterwards, so that what it sets ends with it. `settings` may hold
   * placeholders' values as `param_name`.
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

/** A second inserting session gains a third; a third one loses it again on two cores. */
const INSERTERS = 2;
const READERS = 3;
const FRESH = { read: 3, write: 2 };

/** What the gateway's sessions run under before anything else is set: bounds on a single answer, no surprises. */
const bounds = {
  max_result_bytes: '268435456',
  result_overflow_mode: 'throw',
  implicit_select: '0',
  allow_introspection_functions: '0',
};

/** With readonly a session can neither change anything nor take this back. Parsing hears of no other limit on time. */
const reading = { max_parser_backtracks: 10_000, readonly: 1 };

/** The gateway's sessions on an engine; they open when they are first needed. */
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

/** A text as a string literal. */
export function quoteText(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
}
