// What of open sessions is on disk, as far as this process has synced it: it need not be synced again.
import type { UploadId } from "../../model/uploadId.ts";

/** Sessions beyond this many are forgotten, the longest unnoted first: theirs is synced once more. */
const mostSessions = 4_096;

interface Session {
  /** True when its folder and its file are found from the top. */
  hasFolder: boolean;
  /** Bytes of its file, exactly, all on disk; null while they change, or when that is not known. */
  size: number | null;
}

/** Notes of one data directory. */
export class OnDisk {
  readonly #sessions = new Map<UploadId, Session>();

  /** True when the session's folder and file are found from the top after a power loss. */
  hasFolder(id: UploadId): boolean {
    return this.#sessions.get(id)?.hasFolder === true;
  }

  /** True when the session's file had exactly these bytes when they were synced, and nothing was written to it since. */
  hasBytes(id: UploadId, size: number): boolean {
    return this.#sessions.get(id)?.size === size;
  }

  /** The folder was synced after the file was made. */
  noteFolder(id: UploadId): void {
    this.#session(id).hasFolder = true;
  }

  /** The file was synced, and has so many bytes. */
  noteBytes(id: UploadId, size: number): void {
    this.#session(id).size = size;
  }

  /** The file is about to be written to, or cut. */
  bytesChange(id: UploadId): void {
    const session = this.#sessions.get(id);
    if (session !== undefined) session.size = null;
  }

  /** The session has ended, or another process has written to it. */
  forget(id: UploadId): void {
    this.#sessions.delete(id);
  }

  #session(id: UploadId): Session {
    const known = this.#sessions.get(id) ?? { hasFolder: false, size: null };
    // Last in the order of the map.
    this.#sessions.delete(id);
    this.#sessions.set(id, known);
    const [oldest] = this.#sessions.keys();
    if (oldest !== undefined && this.#sessions.size > mostSessions) this.#sessions.delete(oldest);
    return known;
  }
}
