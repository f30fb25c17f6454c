import type { Readable, Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import {
  CallToolRequestSchema,
  type CallToolResult,
  ListToolsRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { BadParameter } from '../../dashboards/console/parameters.ts';
import { NotFound } from '../../dashboards/console/v1/route.ts';
import { describeError } from '../errors.ts';
import type { AskApi } from '../ask/ask-api.ts';
import { type Tool, tools } from './tools.ts';

const instructions =
  'faultline counts and classifies failures of LLM API requests and finds incidents. Ask incidents first, then incident for the one that matters; explain says which part of the traffic fails more than usual; trends has exact counts; runbook says what to do. Times are UTC: now, now-6h, 2026-03-01T12:00:00Z.';

/** Serves the tools over two streams until the input ends or the signal comes. */
export async function serveMcp(
  ask: AskApi,
  {
    input,
    output,
    signal,
    version,
  }: { input: Readable; output: Writable; signal: AbortSignal; version: string },
): Promise<void> {
  // The low-level server is used because the high-level one replaces our error, which names the parameter, by a text of
  // its own.
  const { server } = new McpServer(
    { name: 'faultline', title: 'faultline', version },
    { capabilities: { tools: {} }, instructions },
  );
  const running = new Set<Promise<unknown>>();
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: tools.map(listed) }));
  server.setRequestHandler(CallToolRequestSchema, ({ params }) => {
    const answer = call(params.name, params.arguments, ask);
    running.add(answer);
    void answer.finally(() => running.delete(answer));
    return answer;
  });
  const over = new Promise<unknown>((resolve) => {
    input.once('end', resolve).once('error', resolve);
    signal.addEventListener('abort', resolve, { once: true });
  });
  await server.connect(new StdioServerTransport(input, output));
  await over;
  // An agent may close its end after the last request and still read the answers.
  await Promise.all(running);
  await nextTurn();
  await server.close();
}

function listed({ name, title, description, input }: Tool) {
  const { $schema: _schema, ...schema } = z.toJSONSchema(input, { io: 'input' });
  return {
    name,
    title,
    description,
    inputSchema: { ...schema, type: 'object' as const },
    annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  };
}

/** The answer of a tool as text; an error is one line that the model can act on. */
export async function call(name: string, given: unknown, ask: AskApi): Promise<CallToolResult> {
  try {
    const found = tools.find((one) => one.name === name);
    if (found === undefined)
      throw new NotFound(`there is no tool ${name}; there are ${tools.map((one) => one.name).join(', ')}`);
    const answer = await found.run(given, ask);
    return {
      content: [{ type: 'text', text: typeof answer === 'string' ? answer : JSON.stringify(answer) }],
    };
  } catch (error) {
    return { isError: true, content: [{ type: 'text', text: lineOf(error) }] };
  }
}

function lineOf(error: unknown): string {
  if (error instanceof BadParameter || error instanceof NotFound) return error.message;
  return describeError(error).line;
}
