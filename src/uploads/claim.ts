// One writer for each session: a claim in the database, renewed while its request lives and given up when it ends.
import { RegistryError } from "../errors.ts";
import type { Claim, UploadsMetadata } from "../metadata/metadata.ts";
import type { RepositoryName } from "../registry/names.ts";
import type { UploadId, UploadSession } from "./session.ts";

/** What claims are made of. */
export interface ClaimDeps {
  readonly metadata: UploadsMetadata;
  /** Unix ms. */
  readonly clock: () => number;
  readonly newId: () => string;
}

/** A claim while it is used. */
export interface Hold {
  readonly owner: string;
  /** True once a transaction has given the claim up together with its own work. */
  released: boolean;
}

/** How long a claim outlives its last renewal: only a writer that died without a word ever loses one. Unit: ms. */
const claimMs = 30_000;
const renewEveryMs = 10_000;

/** A fresh claim, for a session that is about to be claimed or opened. */
export function makeClaim({ clock, newId }: ClaimDeps): Claim {
  return { owner: newId(), until: clock() + claimMs };
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
export async function holding<T>(
  { metadata, clock }: ClaimDeps,
  id: UploadId,
  owner: string,
  use: (hold: Hold) => Promise<T>,
): Promise<T> {
  const hold = { owner, released: false };
  const renewal = setInterval(() => {
    const now = clock();
    // A lost claim shows when the writer wants to advance; a failed renewal is no reason to stop before.
    metadata.renewClaim(id, { owner, until: now + claimMs }, now).catch(() => {});
  }, renewEveryMs);
  try {
    return await use(hold);
  } finally {
    clearInterval(renewal);
    if (!hold.released) await metadata.releaseUpload(id, owner);
  }
}
