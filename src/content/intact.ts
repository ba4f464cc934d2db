// Stored content as it is sent: a row alone proves nothing, the file must be there with the row's size.
import { RegistryError, type Situation } from "../errors.ts";
import type { Locator } from "../model/locator.ts";
import type { Link, SendableContent, StoredRow } from "../storage/content.ts";
import type { Storage } from "../storage/storage.ts";

/** Content that was found intact. */
export interface IntactContent extends StoredRow {
  /** Lazy when it is a Blob: nothing is read until it is sent. Null for content that is no file of this machine: it is read with a reader. */
  readonly body: Blob | Uint8Array | null;
  /** Null: its bytes come from this server. */
  readonly link: Link | null;
}

/** Content to be sent, whole or in parts. */
export interface OpenContent {
  /** Bytes. */
  readonly size: number;
  /** Lazy when it is a Blob: nothing is read until it is sent. Null: it is read with a reader. */
  readonly body: Blob | Uint8Array | null;
  /** Where clients may read it themselves; null: nowhere. */
  readonly link: Link | null;
  /** For parts of it. */
  readonly openReader: () => Promise<ContentReader>;
}

/** Reads one content, also when it is deleted meanwhile. Closed by who opened it. */
export interface ContentReader extends Pick<SendableContent, "missing" | "fetch" | "close"> {
  /**
   * Bytes from `start` to before `end`, valid until the next call.
   * @throws Error when they are not all there: the content is not what its row says.
   */
  read(start: number, end: number): Promise<Uint8Array>;
}

/**
 * The content of the row that `find` returns; null where it returns none, or what is there is not what the row says.
 * @param onDamage is called for a row whose file is absent or of another size.
 */
export async function findStored<Row extends StoredRow>(
  storage: Pick<Storage, "content">,
  find: () => Promise<Row | null>,
  onDamage: (row: Row) => void,
): Promise<(Row & IntactContent) | null> {
  let row = await find();
  while (row !== null) {
    const intact = await openRow(storage, row);
    if (intact !== null) return intact;
    // The content may have been swept, or stored again under another name, between the two looks.
    const now = await find();
    if (now?.locator === row.locator) {
      onDamage(row);
      return null;
    }
    row = now;
  }
  return null;
}

async function openRow<Row extends StoredRow>(
  { content }: Pick<Storage, "content">,
  row: Row,
): Promise<(Row & IntactContent) | null> {
  const opened = await content.open(row);
  if (opened === null) return null;
  return opened.kind === "remote"
    ? { ...row, body: null, link: opened.link }
    : { ...row, body: opened.body, link: null };
}

/** @param gone is thrown when the content was deleted since it was found. */
export async function openReader(
  storage: Pick<Storage, "content">,
  locator: Locator,
  gone: Situation,
): Promise<ContentReader> {
  const file = await storage.content.reader(locator);
  if (file === null) throw new RegistryError(gone);
  let space = new Uint8Array(new SharedArrayBuffer(0));
  return {
    missing: file.missing,
    fetch: file.fetch,
    close: file.close,
    read: async (start, end) => {
      const length = end - start;
      if (space.length < length) space = new Uint8Array(new SharedArrayBuffer(length));
      for (let at = 0; at < length; ) {
        const count = await file.read(start + at, space.subarray(at, length));
        if (count === 0) throw new Error("content is shorter than its row says");
        at += count;
      }
      return space.subarray(0, length);
    },
  };
}

/** Reads bytes in memory. */
export function readerOf(bytes: Uint8Array): ContentReader {
  return {
    missing: async () => 0,
    fetch: async () => true,
    read: async (start, end) => bytes.subarray(start, end),
    close: async () => {},
  };
}
