import type { Readable } from 'node:stream';
import { extract, type Entry } from 'tar-stream';

/** The files in an archive that the engine sends, one after the other. */
export async function* archiveEntries(source: Readable): AsyncGenerator<Entry> {
  const archive = source.pipe(extract());
  source.once('error', (error) => archive.destroy(error));
  try {
    yield* archive;
  } finally {
    // What is left unread would keep the connection, and this process with it.
    source.destroy();
  }
}
