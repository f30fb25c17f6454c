import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip, inflate, brotliDecompress, zstdDecompress } from 'node:zlib';
import { Exception } from './exception.ts';

type Decoder = (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;
const decoders: ReadonlyMap<string, Decoder> = new Map([
  ['gzip', promisify(gunzip)],
  ['deflate', promisify(inflate)],
  ['br', promisify(brotliDecompress)],
  ['zstd', promisify(zstdDecompress)],
] as const);

/**
 * Reads the whole body and decompresses it as Content-Encoding says. Throws `Exception` when the encoding is unknown or
 * wrong, or the body exceeds `limit` bytes.
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  const decode = decoders.get(encoding);
  if (decode === undefined && encoding !== 'identity')
    throw new Exception(
      48,
      'NOT_IMPLEMENTED',
      `Content-Encoding ${JSON.stringify(encoding)} is not served: use ${[...decoders.keys()].join(', ')}`,
    );
  const bytes = await collect(request, limit);
  if (decode === undefined || bytes.length === 0) return bytes;
  try {
    return await decode(bytes, { maxOutputLength: limit });
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge(limit);
    throw new Exception(
      354,
      'ZLIB_INFLATE_FAILED',
      `the body is not ${encoding}: ${error instanceof Error ? error.message : String(error)}`,
      400,
    );
  }
}

async function collect(request: IncomingMessage, limit: number): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
  const chunks: Buffer[] = [];
  let size = 0;
  // Not `for await`: leaving the loop would close the connection before the refusal is sent.
  await new Promise<void>((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) {
        request.pause();
        reject(tooLarge(limit));
      } else chunks.push(chunk);
    });
    request.on('end', resolve);
    request.on('error', reject);
    request.on('close', () => reject(new Exception(210, 'NETWORK_ERROR', 'the client disconnected')));
  });
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, size);
}

function tooLarge(limit: number): Exception {
  return new Exception(229, 'QUERY_IS_TOO_LARGE', `the body is over ${limit} bytes: send it in parts`);
}
