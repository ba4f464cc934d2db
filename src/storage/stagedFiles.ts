// Reading staged bytes back. Apart from the rest of the storage so that a hashing worker loads nothing else.
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { RegistryError } from "../errors.ts";
import type { UploadId } from "../uploads/session.ts";
import { isAbsent } from "./failures.ts";
import type { StagedReader } from "./storage.ts";

/** @param directory the data directory. @returns `Storage.openStaged` for it. */
export function openStagedFiles(directory: string): (id: UploadId) => Promise<StagedReader> {
  return async (id) => {
    const path = join(directory, "uploads", id, "data");
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW;
    const file = await open(path, flags).catch((error: unknown) => {
      if (isAbsent(error)) throw new RegistryError("UPLOAD_UNKNOWN", { cause: error });
      throw error;
    });
    return {
      read: async (offset, into) => (await file.read(into, 0, into.byteLength, offset)).bytesRead,
      close: () => file.close(),
    };
  };
}
