import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nativeRecord } from '../../domain/request-log.ts';
import { startLlmApi } from '../fixtures/llm-api.ts';
import { runFaultline } from '../fixtures/run-faultline.ts';
import { pythonLibs } from './python-libs.ts';

const run = promisify(execFile);
const examples = path.resolve(import.meta.dirname, '../../examples');
const KEY = 'sk-proj-not-a-real-key-0123456789abcd';
const MODELS = ['fine', 'fine-gzip', 'no-quota', 'slow-down', 'streams+stream', 'breaks-in-stream+stream'];

let directory: string;
let api: Awaited<ReturnType<typeof startLlmApi>>;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'faultline-test-'));
  api = await startLlmApi();
});
afterAll(async () => {
  await api.close();
  await rm(directory, { recursive: true, force: true });
});

async function recordsOf(file: string): Promise<Record<string, unknown>[]> {
  const text = await readFile(file, 'utf8');
  expect(text).not.toContain(KEY);
  expect(text).not.toContain('must-not-be-logged');
  const records = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  for (const record of records) expect(nativeRecord.safeParse(record).error).toBeUndefined();
  return records;
}

async function countsOf(file: string): Promise<unknown> {
  const { stdout, stderr } = await runFaultline(['replay', file, '--json'], { cwd: directory });
  return (JSON.parse(stdout || `{"stderr":${JSON.stringify(stderr)}}`) as { counts?: unknown }).counts;
}

test('python: each attempt of the OpenAI SDK is logged with its outcome', async () => {
  const libs = await pythonLibs(path.join(examples, 'python/requirements.txt'));
  const file = path.join(directory, 'python.ndjson');
  const script = path.join(examples, 'python/openai_example.py');
  const { stdout } = await run('python3', [script, file, ...MODELS, 'hangs-up'], {
    env: { ...process.env, PYTHONPATH: libs, OPENAI_API_KEY: KEY, OPENAI_BASE_URL: api.url },
  });
  expect(stdout).toContain('fine: ok');
  expect(stdout).toContain('no-quota: RateLimitError');
  const records = await recordsOf(file);
  // The SDK sends a request to an overloaded server or over a broken connection three times.
  expect(records.map(({ model, retry_count }) => [model, retry_count])).toEqual([
    ['fine', 0],
    ['fine-gzip', 0],
    ['no-quota', 0],
    ['slow-down', 0],
    ['slow-down', 1],
    ['slow-down', 2],
    ['streams', 0],
    ['breaks-in-stream', 0],
    ['hangs-up', 0],
    ['hangs-up', 1],
    ['hangs-up', 2],
  ]);
  expect(records[0]).toMatchObject({ client: 'checkout', input_tokens: 12, output_tokens: 3, status: 200 });
  expect(records[6]).toMatchObject({ stream: true, input_tokens: 12, ttft_ms: expect.any(Number) });
  expect(records[8]).toMatchObject({ status: 0, exception: 'httpx.RemoteProtocolError' });
  expect(await countsOf(file)).toEqual({
    ok: 3,
    quota_exceeded: 1,
    slow_down: 3,
    server_error: 1,
    connection: 3,
  });
});

test('node: each request of fetch is logged with its outcome', async () => {
  const file = path.join(directory, 'node.ndjson');
  const script = path.join(examples, 'node/example.mjs');
  await run(process.execPath, [script, file, ...MODELS, 'hangs-up'], {
    env: { ...process.env, OPENAI_API_KEY: KEY, OPENAI_BASE_URL: api.url },
  });
  const records = await recordsOf(file);
  expect(records[0]).toMatchObject({ client: 'checkout', input_tokens: 12, output_tokens: 3, status: 200 });
  expect(records[4]).toMatchObject({ stream: true, input_tokens: 12, ttft_ms: expect.any(Number) });
  expect(await countsOf(file)).toEqual({
    ok: 3,
    quota_exceeded: 1,
    slow_down: 1,
    server_error: 1,
    connection: 1,
  });
});

test("litellm: the callback writes LiteLLM's own payload, without prompts", async () => {
  const file = path.join(directory, 'litellm.ndjson');
  // LiteLLM itself is large, so a class with the same name stands in for it.
  const fake = path.join(directory, 'fake');
  await run('mkdir', ['-p', path.join(fake, 'litellm/integrations')]);
  await writeFile(path.join(fake, 'litellm/__init__.py'), '');
  await writeFile(path.join(fake, 'litellm/integrations/__init__.py'), '');
  await writeFile(path.join(fake, 'litellm/integrations/custom_logger.py'), 'class CustomLogger: pass\n');
  const program = `
import asyncio
from faultline_callback import logger
ok = {"id": "1", "call_type": "acompletion", "status": "success", "model": "gpt-5", "startTime": 1790000000.0, "endTime": 1790000001.0, "messages": [{"content": "secret prompt"}], "response": {"text": "secret answer"}}
failed = {**ok, "id": "2", "status": "failure", "error_str": "litellm.RateLimitError: You exceeded your current quota", "error_information": {"error_code": "429", "error_class": "RateLimitError", "error_message": "You exceeded your current quota"}}
logger.log_success_event({"standard_logging_object": ok}, None, None, None)
asyncio.run(logger.async_log_failure_event({"standard_logging_object": failed}, None, None, None))
`;
  await run('python3', ['-c', program], {
    env: {
      ...process.env,
      PYTHONPATH: `${fake}:${path.join(examples, 'litellm')}`,
      FAULTLINE_LOG: file,
    },
  });
  expect(await readFile(file, 'utf8')).not.toContain('secret');
  expect(await countsOf(file)).toEqual({ ok: 1, quota_exceeded: 1 });
});
