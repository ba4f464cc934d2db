// Deleting an ended upload's staged bytes and state. Its row is deleted before.
import type { UploadId } from "../model/uploadId.ts";
import type { ObjectsDeps } from "./deps.ts";

/** The dependencies of dropping. */
export type DropDeps = Pick<ObjectsDeps, "storage" | "turns">;

/** Drops parts, and bytes that were put together or came whole. Nothing is an error that is not there. */
export async function dropStaged({ storage, turns }: DropDeps, id: UploadId): Promise<void> {
  await turns.idle(id);
  await storage.parts.discard(id);
}

/** Waits for requests that may still record a part, so that no state is left afterwards. */
export async function forgetParts({ storage, turns }: DropDeps, id: UploadId): Promise<void> {
  await turns.idle(id);
  storage.staging.forget(id);
}
