// @ts-check
import { createFeed } from './event-feed.js';

/** @typedef {import('./event-feed.js').FeedMessage} FeedMessage */

// One stream for all tabs of a browser, which opens only six connections to a server. It is open while any of them is looked at.

/** Tabs that are looked at. @type {Set<MessagePort>} */
const watching = new Set();
let isOpen = false;
/** The last of each event that says how things are, for a tab that comes later. @type {Map<string, FeedMessage>} */
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
