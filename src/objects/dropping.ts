// What is left when an upload is over: its staged bytes, and what was remembered of them. Its row is gone before.
import type { UploadId } from "../model/uploadId.ts";
import type { ObjectsDeps } from "./deps.ts";

/** What dropping works with. */
export type DropDeps = Pick<ObjectsDeps, "storage" | "hashing" | "assembly" | "turns">;

/** Drops parts, and bytes that were put together or came whole. Nothing is an error that is not there. */
export async function dropStaged(deps: DropDeps, id: UploadId): Promise<void> {
  const { storage, hashing } = deps;
  await forgetParts(deps, id);
  hashing.forget(id);
  await storage.staging.discard(id, storage.parts.staging);
}

/** Waits for whoever may still tell the assembly of a part that was recorded just before. */
export async function forgetParts(
  { turns, assembly }: Pick<DropDeps, "turns" | "assembly">,
  id: UploadId,
): Promise<void> {
  await turns.idle(id);
  assembly.forget(id);
}
