// Parts of a blob, read where they stand. Apart from blobs.ts because only answers with several ranges need it: the server sends
// everything else by itself.
import { RegistryError } from "../errors.ts";
import type { Locator, Storage } from "../storage/storage.ts";

/** Reads one blob, also when it is deleted meanwhile. Closed by who opened it. */
export interface BlobReader {
  /** Bytes from `start` to before `end`. @throws Error when they are not all there: the content is not what its row says. */
  read(start: number, end: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Opens stored content. @throws RegistryError BLOB_UNKNOWN when it has gone since it was found: it was deleted in that moment. */
export async function openReader(
  { inspection }: Pick<Storage, "inspection">,
  locator: Locator,
): Promise<BlobReader> {
  const file = await inspection.openContent(locator);
  if (file === null) throw new RegistryError("BLOB_UNKNOWN");
  return {
    read: async (start, end) => {
      const bytes = new Uint8Array(end - start);
      for (let at = 0; at < bytes.length; ) {
        const count = await file.read(start + at, bytes.subarray(at));
        if (count === 0) throw new Error("content is shorter than its row says");
        at += count;
      }
      return bytes;
    },
    close: () => file.close(),
  };
}

/** Reads bytes in memory. */
export function readerOf(bytes: Uint8Array): BlobReader {
  return {
    read: async (start, end) => bytes.subarray(start, end),
    close: async () => {},
  };
}
