import { z } from 'zod';
import type { EventHub } from './event-hub.ts';
import { eventShapes } from './event-hub.ts';
import { route, type ApiRoute, Unavailable } from './route.ts';

/** A stream of events about what changes. */
export function eventsRoute(hub: EventHub): ApiRoute {
  const names = Object.keys(eventShapes).join(', ');
  return route({
    method: 'GET',
    path: '/events',
    summary: `Server-sent events as things change: ${names}.`,
    role: 'read',
    query: z.strictObject({}),
    answer: z.string().meta({ description: 'Events, each with JSON as data.' }),
    answerType: 'text/event-stream',
    async run() {
      const stream = hub.listen();
      if (stream === null)
        throw new Unavailable('too many clients listen to events: close a page, or try again later');
      return stream;
    },
  });
}
