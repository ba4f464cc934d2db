// The meaning of a failed file call for a client: the one place that reads errno.
import { errnoOf, readFailure } from "../../durability/errno.ts";
import type { WriteLatch } from "../../durability/writeLatch.ts";
import { RegistryError } from "../../errors.ts";

/** True when the thing itself is absent: the only failure that may ever be read as "not there". */
export function isAbsent(error: unknown): boolean {
  return errnoOf(error) === "ENOENT";
}

const diskFull = (cause: unknown) => new RegistryError("DISK_FULL", { retryAfter: 30, cause });

/** A sync that was begun and failed, apart from what kept it from being begun. */
export class FailedSync extends Error {
  constructor(cause: unknown) {
    super("a sync failed", { cause });
  }
}

/**
 * A failed write as its answer. Full disks pass, and a lack of descriptors or memory; a device or file system that refuses writes
 * trips the latch, because earlier writes may be lost as well.
 */
export function writeFailure(error: unknown, latch: WriteLatch): unknown {
  if (error instanceof RegistryError) return error;
  if (error instanceof FailedSync) return syncFailure(error.cause, latch);
  switch (errnoOf(error)) {
    case "ENOSPC":
    case "EDQUOT":
      return diskFull(error);
    case "EIO":
    case "EROFS":
      latch.trip("a write to the data directory failed", error);
      return new RegistryError("READ_ONLY", { retryAfter: 60, cause: error });
    default:
      return readFailure(error);
  }
}

/**
 * A failed sync of staged or stored bytes as its answer. Never retried: the kernel reports it once and may have dropped the bytes.
 * A disk or quota that is full only then (NFS, btrfs) costs the one upload whose bytes these were: they were not acknowledged.
 */
export function syncFailure(error: unknown, latch: WriteLatch): RegistryError {
  const errno = errnoOf(error);
  if (errno === "ENOSPC" || errno === "EDQUOT") return diskFull(error);
  latch.trip("a sync of the data directory failed", error);
  return new RegistryError("READ_ONLY", { retryAfter: 60, cause: error });
}
