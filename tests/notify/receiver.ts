import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { buffer } from 'node:stream/consumers';

/** A request that a receiver got. */
export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  /** The bytes as text, and parsed as JSON. */
  text: string;
  body: Record<string, unknown>;
  /** The status that the receiver answered. */
  status: number;
}

/** A real HTTP server that records its requests. */
export interface Receiver {
  readonly url: string;
  readonly received: Received[];
  /** Decides the answer to each request; 0: no answer, and the connection stays open. */
  answer: (got: Omit<Received, 'status'>) => {
    status: number;
    text?: string;
    headers?: Record<string, string>;
  };
  close(): Promise<void>;
}

/** Starts a receiver that answers 200 by default; `port` 0: any. */
export async function startReceiver(port = 0): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const text = (await buffer(request)).toString();
      const got = { path: request.url ?? '', headers: request.headers, text, body: JSON.parse(text) };
      const { status, text: said = 'ok', headers = {} } = receiver.answer(got);
      received.push({ ...got, status });
      if (status === 0) return;
      response.writeHead(status, headers);
      response.end(said);
    })().catch(() => response.destroy());
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const receiver: Receiver = {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/hook`,
    received,
    answer: () => ({ status: 200 }),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return receiver;
}

/**
 * Whether a message is signed as the Standard Webhooks specification says. It is written from the specification and
 * shares no code with the program.
 */
export function isSigned({ headers, text }: Received, secret: string): boolean {
  const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = headers;
  const mac = createHmac('sha256', secret);
  mac
    .update(`${String(id)}.`)
    .update(`${String(at)}.`)
    .update(text);
  return signature === `v1,${mac.digest('base64')}`;
}
