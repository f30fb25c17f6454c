import type { Store } from '../../store/store.ts';
import type { CommandContext } from '../context.ts';
import { UserError } from '../errors.ts';
import { openReader } from '../needs/open-reader.ts';
import { type AskApi, askConsole, askStore, consoleUrl, readingToken } from './ask-api.ts';

/** A data directory is closed after this time without a request. Milliseconds. */
const IDLE_MS = 5_000;

/** Answers from the store or the console, and frees the data directory when it is not needed. */
export interface SharedStore {
  ask: AskApi;
  close(): Promise<void>;
}

interface Opened {
  store: Store;
  ask: AskApi;
}

/**
 * Opens the store for a process that may live as long as an editor and must not block other processes. A server is
 * opened once. A data directory is open only while there are requests, because only one process can use it. When
 * another process uses the data directory, or it is empty, the console of the settings answers instead: `faultline
 * start` serves it.
 */
export function shareStore(context: CommandContext): SharedStore {
  const isServer = context.settings.clickhouse.url !== '';
  let opening: Promise<Opened> | null = null;
  let running = 0;
  let timer: NodeJS.Timeout | null = null;
  let isReported = false;

  const open = async (): Promise<Opened> => {
    const store = await openReader(context);
    return { store, ask: await askStore(store, context) };
  };
  const letGo = async (): Promise<void> => {
    if (timer !== null) clearTimeout(timer);
    const gone = opening;
    opening = null;
    await gone?.then(({ store }) => store.close()).catch(() => undefined);
  };
  const instead = async (question: Parameters<AskApi>[0], error: unknown): Promise<unknown> => {
    if (isServer || !(error instanceof UserError)) throw error;
    try {
      const { console: settings } = context.settings;
      const url = consoleUrl(settings);
      const answer = await askConsole(url, readingToken(settings))(question);
      if (!isReported) context.err(`faultline: asking ${url}: ${error.message}`);
      isReported = true;
      return answer;
    } catch (second) {
      // When no console listens, the error of the store is more helpful.
      throw second instanceof UserError ? second : error;
    }
  };

  return {
    async ask(question) {
      if (timer !== null) clearTimeout(timer);
      running += 1;
      try {
        opening ??= open();
        const mine = opening;
        const opened = await mine.catch((error: unknown) => {
          if (opening === mine) opening = null;
          return { error };
        });
        return await ('error' in opened ? instead(question, opened.error) : opened.ask(question));
      } finally {
        running -= 1;
        if (running === 0 && !isServer) timer = setTimeout(() => void letGo(), IDLE_MS).unref();
      }
    },
    close: letGo,
  };
}
