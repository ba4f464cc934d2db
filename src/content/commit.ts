// Staged bytes → verified → stored: the only writer of content.

import { RegistryError } from "../errors.ts";
import type { StoredContent, UploadFinish, UploadFinishOutcome } from "../metadata/metadata.ts";
import type { Locator, Staged, Storage } from "../storage/storage.ts";
import { algorithmOf, type Digest } from "./digest.ts";
import type { Hashing } from "./hashing/hashing.ts";
import { leaseAt } from "./lease.ts";

/** What a commit works with. */
export interface CommitDeps {
  readonly storage: Storage;
  readonly hashing: Pick<Hashing, "digest">;
  readonly metadata: {
    findContent(digest: Digest): Promise<StoredContent | null>;
    finishUpload(finish: UploadFinish): Promise<UploadFinishOutcome>;
  };
  /** Unix ms. */
  readonly clock: () => number;
  /** How long finished content is kept before a manifest must name it. Unit: ms. */
  readonly leaseMs: number;
}

/** Whose upload it is: its session, if it has one, and where it goes. */
export type CommitLink = Pick<UploadFinish, "session" | "repository">;

/** Rounds in which the content that was found may vanish again before we give up. */
const rounds = 4;

/**
 * Verifies staged bytes, stores them unless the same content is stored already, and links them. The order is the promise: bytes and
 * their name are durable before the row is, and the row is durable before this resolves.
 * @throws RegistryError DIGEST_INVALID when the bytes are not `digest`; nothing is stored then. UPLOAD_UNKNOWN when the session was
 * cancelled meanwhile.
 */
export async function commitStaged(
  deps: CommitDeps,
  staged: Staged,
  digest: Digest,
  link: CommitLink,
): Promise<void> {
  const size = staged.offset;
  const actual = await deps.hashing.digest(staged.id, staged.staging, {
    size,
    algorithm: algorithmOf(digest),
  });
  if (actual !== digest) {
    throw new RegistryError("DIGEST_INVALID", {
      message: `the ${size} bytes that arrived are ${actual}, not ${digest}; upload them again`,
    });
  }
  for (let round = 0; round < rounds; round += 1) {
    if (await tryCommit(deps, staged, digest, link)) return;
  }
  throw new RegistryError("BUSY", { retryAfter: 1 });
}

/** @returns false when content that was found is gone again: it has to be looked for anew. */
async function tryCommit(
  deps: CommitDeps,
  staged: Staged,
  digest: Digest,
  link: CommitLink,
): Promise<boolean> {
  const { storage, metadata } = deps;
  const finish = { ...link, digest, size: staged.offset };
  const known = await metadata.findContent(digest);
  if (known !== null && (await isWhole(storage, known))) {
    const { locator } = known;
    const outcome = await metadata.finishUpload({
      ...finish,
      ...leaseFromNow(deps),
      locator,
      replaces: null,
      found: true,
    });
    if (outcome.kind === "contentGone") return false;
    if (outcome.kind === "sessionGone") throw new RegistryError("UPLOAD_UNKNOWN");
    await storage.discardStaged(staged.id, staged.staging);
    return true;
  }
  const locator = await storage.publish(staged, digest);
  await finishPublished(deps, {
    ...finish,
    ...leaseFromNow(deps),
    locator,
    replaces: known?.locator ?? null,
    found: false,
  });
  await storage.discardStaged(staged.id, staged.staging);
  return true;
}

/** Hashing and syncing may have taken long: a lease begins when its row is written. */
function leaseFromNow({ clock, leaseMs }: CommitDeps): Pick<UploadFinish, "now" | "keptUntil"> {
  const now = clock();
  return { now, keptUntil: leaseAt(now, leaseMs).until };
}

/** Only the name that the row now holds may stay: another upload of the same content may have been first. */
async function finishPublished({ storage, metadata }: CommitDeps, finish: UploadFinish) {
  const outcome = await metadata.finishUpload(finish);
  if (outcome.kind !== "finished") {
    await storage.delete(finish.locator);
    throw new RegistryError("UPLOAD_UNKNOWN");
  }
  if (outcome.locator !== finish.locator) await storage.delete(finish.locator);
  else if (finish.replaces !== null) await storage.delete(finish.replaces);
}

/** A row alone proves nothing: the file must be there with the row's size, or the push has to heal it. */
async function isWhole(storage: Storage, known: { locator: Locator; size: number }) {
  const found = await storage.open(known.locator);
  return found !== null && found.size === known.size;
}
