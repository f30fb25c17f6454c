import { open, unlink } from 'node:fs/promises';
import path from 'node:path';

let files = 0;

/**
 * Lends bytes to `act` as a file in the folder, because the engine takes some data only from files. The file is already
 * unlinked, so nothing is left of it however the process ends. Throws code 75 when the file cannot be written.
 */
export async function asFile<T>(
  folder: string,
  bytes: Buffer,
  act: (path: string) => Promise<T>,
): Promise<T> {
  const file = await written(folder, bytes);
  try {
    return await act(`/dev/fd/${file.fd}`);
  } finally {
    await file.close();
  }
}

async function written(folder: string, bytes: Buffer) {
  const name = path.join(folder, `.insert-${process.pid}-${++files}`);
  try {
    const file = await open(name, 'wx+', 0o600);
    try {
      await unlink(name);
      // The bytes are written at explicit positions: where /dev/fd shares the file position, the engine must still read
      // from the start.
      for (let done = 0; done < bytes.length; )
        done += (await file.write(bytes, done, bytes.length - done, done)).bytesWritten;
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `Code: 75. DB::Exception: rows cannot be written to ${folder}: ${reason} (CANNOT_WRITE_TO_FILE_DESCRIPTOR)`,
      { cause: error },
    );
  }
}
