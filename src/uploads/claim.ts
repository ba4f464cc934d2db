// One writer for each session: how it claims, and the error of the others.
import { type HeldClaim, type OverdueReleases, whileHeld } from "../content/claim.ts";
import { RegistryError } from "../errors.ts";
import type { UploadSession, UploadsMetadata } from "../metadata/metadata.ts";
import type { RepositoryName } from "../model/names.ts";
import type { UploadId } from "../model/uploadId.ts";

/** The dependencies of claims. */
export interface ClaimDeps {
  readonly metadata: UploadsMetadata;
  readonly overdue: OverdueReleases;
  /** Owners of claims. */
  readonly newId: () => string;
  /** Unix ms. */
  readonly clock: () => number;
}

/**
 * Runs `use` as the session's one writer; the claim is released in any case.
 * @throws RegistryError UPLOAD_UNKNOWN; UPLOAD_BUSY while another request writes; BUSY when the claim was lost meanwhile; anything `use` throws.
 */
export async function withClaim<T>(
  deps: ClaimDeps,
  { repository, id }: { readonly repository: RepositoryName; readonly id: UploadId },
  use: (session: UploadSession, hold: HeldClaim) => Promise<T>,
): Promise<T> {
  await deps.overdue.retry();
  const owner = deps.newId();
  const outcome = await deps.metadata.claimUpload(id, repository, owner);
  if (outcome.kind === "unknown") throw new RegistryError("UPLOAD_UNKNOWN");
  if (outcome.kind === "busy") throw new RegistryError("UPLOAD_BUSY", { retryAfter: 1 });
  return holding(deps, id, owner, async (hold) => {
    try {
      return await use(outcome.session, hold);
    } catch (error) {
      const isUnknown = error instanceof RegistryError && error.situation === "UPLOAD_UNKNOWN";
      if (!isUnknown || !(await isTakenOver(deps, { repository, id }, owner))) throw error;
      // The session is there, and takes the same request again.
      throw new RegistryError("BUSY", { retryAfter: 1, cause: error });
    }
  });
}

/** True when the session lives on without this claim: another server had to take this one for dead, or its database lost the claim in a crash. */
async function isTakenOver(
  { metadata, clock }: ClaimDeps,
  { repository, id }: { readonly repository: RepositoryName; readonly id: UploadId },
  owner: string,
): Promise<boolean> {
  if ((await metadata.findUpload(id, repository)) === null) return false;
  return !(await metadata.renewClaim(id, owner, clock()));
}

/** Runs `use` while `owner` holds the session already. */
export function holding<T>(
  { metadata, overdue, clock }: Omit<ClaimDeps, "newId">,
  id: UploadId,
  owner: string,
  use: (hold: HeldClaim) => Promise<T>,
): Promise<T> {
  return whileHeld(
    {
      owner,
      overdue,
      renew: () => metadata.renewClaim(id, owner, clock()),
      release: () => metadata.releaseUpload(id, owner),
    },
    use,
  );
}
