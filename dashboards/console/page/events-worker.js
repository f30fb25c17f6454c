// @ts-check
import { createFeed } from './event-feed.js';

/** @typedef {import('./event-feed.js').FeedMessage} FeedMessage */

// All tabs share one stream, because a browser opens only six connections to a server. The stream is open while at
// least one tab is visible.

/** Visible tabs. @type {Set<MessagePort>} */
const watching = new Set();
let isOpen = false;
/** The last `data` and `status` event, for tabs that become visible later. @type {Map<string, FeedMessage>} */
const lasting = new Map();

const feed = createFeed((message) => {
  if (message.kind === 'stream') isOpen = message.isOpen;
  else if (message.name === 'data' || message.name === 'status') lasting.set(message.name, message);
  for (const port of watching) port.postMessage(message);
});

addEventListener('connect', (event) => {
  const [port] = /** @type {MessageEvent} */ (event).ports;
  if (port === undefined) return;
  port.onmessage = ({ data }) => {
    if (data === 'watch') {
      watching.add(port);
      feed.start();
      port.postMessage({ kind: 'stream', isOpen });
      for (const message of lasting.values()) port.postMessage(message);
      return;
    }
    watching.delete(port);
    if (watching.size > 0) return;
    feed.stop();
    isOpen = false;
    lasting.clear();
  };
});
