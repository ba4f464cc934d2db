// What a failed file call means to a client: one place that reads errno.
import type { WriteLatch } from "../content/writeLatch.ts";
import { RegistryError } from "../errors.ts";

/** The errno name of a file system error; null for anything else. */
export function errnoOf(error: unknown): string | null {
  if (error instanceof Error && "code" in error && typeof error.code === "string") {
    return error.code;
  }
  return null;
}

/** True when the thing itself is absent: the only failure that may ever be read as "not there". */
export function isAbsent(error: unknown): boolean {
  return errnoOf(error) === "ENOENT";
}

/**
 * A failed write as its answer. Full disks pass; a device or file system that refuses writes trips the latch, because what
 * was written before may be gone as well.
 */
export function writeFailure(error: unknown, latch: WriteLatch): unknown {
  if (error instanceof RegistryError) return error;
  switch (errnoOf(error)) {
    case "ENOSPC":
    case "EDQUOT":
      return new RegistryError("DISK_FULL", { retryAfter: 30, cause: error });
    case "EMFILE":
    case "ENFILE":
      return new RegistryError("BUSY", { retryAfter: 1, cause: error });
    case "EIO":
    case "EROFS":
      latch.trip("a write to the data directory failed", error);
      return new RegistryError("READ_ONLY", { retryAfter: 60, cause: error });
    default:
      return error;
  }
}

/** A failed sync as its answer. Never retried: the kernel reports it once and may have dropped the bytes. */
export function syncFailure(error: unknown, latch: WriteLatch): RegistryError {
  latch.trip("a sync of the data directory failed", error);
  return new RegistryError("READ_ONLY", { retryAfter: 60, cause: error });
}
