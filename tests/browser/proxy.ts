import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';

/** A proxy in front of a console. A test can make it break the streams of events. */
export interface Proxy {
  url: string;
  /** Event streams that are open now. */
  streams(): number;
  /** Breaks open streams and refuses further ones, until they are let through again. */
  refuseStreams(isRefused: boolean): void;
  close(): Promise<void>;
}

/** Starts a proxy that passes everything on to the server at `target`. */
export async function startProxy(target: string): Promise<Proxy> {
  const open = new Set<ServerResponse>();
  let refuses = false;
  const pass = (asked: IncomingMessage, answer: ServerResponse): void => {
    const isStream = asked.url === '/api/v1/events';
    if (isStream && refuses) {
      answer.writeHead(502).end();
      return;
    }
    if (isStream) open.add(answer);
    const { method, headers } = asked;
    const onward = request(new URL(asked.url ?? '/', target), { method, headers }, (found) => {
      answer.writeHead(found.statusCode ?? 502, found.headers);
      found.on('error', () => answer.destroy());
      found.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    answer.on('close', () => {
      open.delete(answer);
      onward.destroy();
    });
    asked.pipe(onward);
  };
  const server = createServer(pass);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    streams: () => open.size,
    refuseStreams(isRefused) {
      refuses = isRefused;
      if (isRefused) for (const answer of open) answer.destroy();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
