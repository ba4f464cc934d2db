// The transaction that an object is stored with, however its bytes came: what its outcomes mean to a client.
import type { FinishOutcome } from "../content/commit.ts";
import { RegistryError } from "../errors.ts";
import type { ObjectCommit } from "../metadata/objects.ts";
import type { ObjectsDeps } from "./deps.ts";

/**
 * Content, object and the end of its upload, durably or not at all.
 * @throws RegistryError PRECONDITION_FAILED; MULTIPART_UNKNOWN when the claim was lost, because this process was suspended for long.
 */
export async function commitRow(
  { metadata }: Pick<ObjectsDeps, "metadata">,
  commit: ObjectCommit,
): Promise<FinishOutcome> {
  const outcome = await metadata.commitObject(commit);
  if (outcome.kind === "refused") throw new RegistryError("PRECONDITION_FAILED");
  if (outcome.kind === "sessionGone") throw new RegistryError("MULTIPART_UNKNOWN");
  return outcome;
}
