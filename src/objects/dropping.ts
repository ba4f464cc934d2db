// What is left when an upload is over: its staged bytes, and what was remembered of them. Its row is gone before.
import type { UploadId } from "../model/uploadId.ts";
import type { ObjectsDeps } from "./deps.ts";

/** What dropping works with. */
export type DropDeps = Pick<ObjectsDeps, "storage" | "turns">;

/** Drops parts, and bytes that were put together or came whole. Nothing is an error that is not there. */
export async function dropStaged({ storage, turns }: DropDeps, id: UploadId): Promise<void> {
  await turns.idle(id);
  await storage.parts.discard(id);
}

/** Waits for whoever may still record a part, so that nothing is remembered afterwards. */
export async function forgetParts({ storage, turns }: DropDeps, id: UploadId): Promise<void> {
  await turns.idle(id);
  storage.staging.forget(id);
}
