// One writer for each session: who claims it, and what the others are told.
import { type ClaimSource, type Hold, makeClaim, whileHeld } from "../content/claim.ts";
import { RegistryError } from "../errors.ts";
import type { UploadsMetadata } from "../metadata/metadata.ts";
import type { RepositoryName } from "../registry/names.ts";
import type { UploadId, UploadSession } from "./session.ts";

/** What claims work with. */
export interface ClaimDeps extends ClaimSource {
  readonly metadata: UploadsMetadata;
}

/**
 * Runs `use` as the session's one writer; the claim is given up whatever happens.
 * @throws RegistryError UPLOAD_UNKNOWN; UPLOAD_BUSY while another request writes; whatever `use` throws.
 */
export async function withClaim<T>(
  deps: ClaimDeps,
  { repository, id }: { readonly repository: RepositoryName; readonly id: UploadId },
  use: (session: UploadSession, hold: Hold) => Promise<T>,
): Promise<T> {
  const claim = makeClaim(deps);
  const outcome = await deps.metadata.claimUpload(id, repository, claim, deps.clock());
  if (outcome.kind === "unknown") throw new RegistryError("UPLOAD_UNKNOWN");
  if (outcome.kind === "busy") throw new RegistryError("UPLOAD_BUSY", { retryAfter: 1 });
  return holding(deps, id, claim.owner, (hold) => use(outcome.session, hold));
}

/** Runs `use` while `owner` holds the session already. */
export function holding<T>(
  { metadata, clock }: Pick<ClaimDeps, "metadata" | "clock">,
  id: UploadId,
  owner: string,
  use: (hold: Hold) => Promise<T>,
): Promise<T> {
  return whileHeld(
    {
      owner,
      clock,
      renew: (claim, now) => metadata.renewClaim(id, claim, now),
      release: () => metadata.releaseUpload(id, owner),
    },
    use,
  );
}
