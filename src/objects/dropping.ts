// What is left when an upload is over: its staged bytes, and what was remembered of them. Its row is gone before.
import type { UploadId } from "../uploads/session.ts";
import type { ObjectsDeps } from "./deps.ts";

/** What dropping works with. */
export type DropDeps = Pick<ObjectsDeps, "storage" | "hashing" | "assembly">;

/** Drops parts, and bytes that were put together or came whole. Nothing is an error that is not there. */
export async function dropStaged(
  { storage, hashing, assembly }: DropDeps,
  id: UploadId,
): Promise<void> {
  assembly.forget(id);
  hashing.forget(id);
  await storage.discardStaged(id, storage.parts.staging);
}
