// How a session ends: its bytes become content of its repository, or they are dropped.
import { commitStaged, type FinishOutcome } from "../content/commit.ts";
import { leaseAt } from "../content/lease.ts";
import { RegistryError } from "../errors.ts";
import type { CommittedContent, UploadFinish } from "../metadata/metadata.ts";
import { algorithmOf, type Digest } from "../model/digest.ts";
import type { StagingState } from "../model/locator.ts";
import type { RepositoryName } from "../model/names.ts";
import type { UploadId } from "../model/uploadId.ts";
import type { Session } from "../storage/staging.ts";
import type { UploadsDeps } from "./uploads.ts";

/** The upload and its destination. */
type Link = Pick<UploadFinish, "repository"> & {
  readonly session: NonNullable<UploadFinish["session"]>;
};

/** Makes staged bytes content of a repository. @throws RegistryError DIGEST_INVALID: then the session is deleted; UPLOAD_UNKNOWN. */
export async function commit(
  deps: UploadsDeps,
  staged: Session,
  digest: Digest,
  link: Link,
): Promise<void> {
  const { storage } = deps;
  const { id, staging, offset } = staged;
  const wanted = { as: algorithmOf(digest), expected: [digest], owner: link.session.owner };
  const sealed = await commitStaged(
    deps,
    {
      seal: (isStored) => storage.staging.seal(staged, { ...wanted, isStored }),
      discard: () => storage.staging.discard(id, staging),
    },
    (content) => finishRow(deps, link, content),
  );
  if (sealed.kind === "sealed") return;
  // With the bytes that came last: the row does not know of them.
  await drop(deps, { id, repository: link.repository, staging });
  throw new RegistryError("DIGEST_INVALID", {
    message: `the ${offset} bytes that arrived are ${sealed.actual}, not ${digest}; upload them again`,
  });
}

/** Hashing and syncing may have taken long: a lease begins when its row is written. */
async function finishRow(
  { metadata, clock, leaseMs }: UploadsDeps,
  link: Link,
  content: CommittedContent,
): Promise<FinishOutcome> {
  const now = clock();
  const keptUntil = leaseAt(now, leaseMs).until;
  const outcome = await metadata.finishUpload({ ...link, ...content, now, keptUntil });
  if (outcome.kind === "sessionGone") throw new RegistryError("UPLOAD_UNKNOWN");
  return outcome;
}

interface Dropped {
  readonly id: UploadId;
  /** null: whichever it is. */
  readonly repository: RepositoryName | null;
  /** Newer than its row's. */
  readonly staging?: StagingState;
}

/** Row first, then the bytes, so that nothing half deleted can be found. @returns false when there was no such session. */
export async function drop(
  { metadata, storage }: Pick<UploadsDeps, "metadata" | "storage">,
  { id, repository, staging }: Dropped,
): Promise<boolean> {
  const session = await metadata.removeUpload(id, repository);
  if (session === null) return false;
  await storage.staging.discard(id, staging ?? session.staging);
  return true;
}
