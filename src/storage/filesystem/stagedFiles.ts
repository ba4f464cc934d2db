// Reading staged bytes back. Apart from the rest of the storage so that a hashing worker loads nothing else.
import { closeSync, constants, openSync, readSync } from "node:fs";
import { open } from "node:fs/promises";
import { errnoOf, readFailure } from "../../durability/errno.ts";
import { RegistryError } from "../../errors.ts";
import type { StagingState } from "../../model/locator.ts";
import type { UploadId } from "../../model/uploadId.ts";
import type { Pulse } from "../../workers/pulse.ts";
import type { StoredReader } from "../repair.ts";
import { isAbsent } from "./failures.ts";
import { placeOf } from "./stagedPlaces.ts";

const flags = constants.O_RDONLY | constants.O_NOFOLLOW;

type OpenStaged = (id: UploadId, staging: StagingState) => Promise<StoredReader>;

/** @param directory the data directory. @returns a function that opens a session's staged bytes; it throws RegistryError UPLOAD_UNKNOWN when there are none. */
export function openStagedFiles(directory: string): OpenStaged {
  return async (id, staging) => {
    const file = await open(placeOf(directory, { id, staging }).file, flags).catch(refuseAbsent);
    return {
      read: async (offset, into) => (await file.read(into, 0, into.byteLength, offset)).bytesRead,
      close: () => file.close(),
    };
  };
}

/**
 * As `openStagedFiles`, for a worker: it has nothing better to do than to wait, and handing each read to another thread costs
 * more than the read. `pulse` shows the server when it waits.
 */
export function openStagedFilesBlocking(directory: string, pulse: Pulse): OpenStaged {
  return async (id, staging) => {
    const file = pulse.during(() => tryOpen(placeOf(directory, { id, staging }).file));
    return {
      read: async (offset, into) =>
        pulse.during(() => readSync(file, into, 0, into.byteLength, offset)),
      close: async () => closeSync(file),
    };
  };
}

function tryOpen(path: string): number {
  try {
    return openSync(path, flags);
  } catch (error) {
    return refuseAbsent(error);
  }
}

function refuseAbsent(error: unknown): never {
  if (isAbsent(error)) throw new RegistryError("UPLOAD_UNKNOWN", { cause: error });
  throw readFailure(error);
}

/** @returns null for what is absent, or no regular file. @throws what reading throws. */
export async function openRegular(path: string): Promise<StoredReader | null> {
  // Opening a pipe in its place must not block.
  const file = await open(path, flags | constants.O_NONBLOCK).catch((error: unknown) => {
    // A link is refused with ELOOP: its target is not ours.
    if (isAbsent(error) || errnoOf(error) === "ELOOP") return null;
    throw readFailure(error);
  });
  if (file === null) return null;
  try {
    if (!(await file.stat()).isFile()) {
      await file.close();
      return null;
    }
  } catch (error) {
    await file.close();
    throw error;
  }
  return {
    read: async (offset, into) => (await file.read(into, 0, into.byteLength, offset)).bytesRead,
    close: () => file.close(),
  };
}
