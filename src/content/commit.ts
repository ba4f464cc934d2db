// Staged bytes → verified → stored: the only writer of content.
import { RegistryError } from "../errors.ts";
import type { CommittedContent, StoredContent } from "../metadata/metadata.ts";
import { algorithmOf, type Digest } from "../model/digest.ts";
import type { Locator } from "../model/locator.ts";
import type { Hashing } from "../storage/filesystem/hashing/hashing.ts";
import type { Staged } from "../storage/staging.ts";
import type { Storage } from "../storage/storage.ts";

/** What a commit works with. */
export interface CommitDeps {
  readonly storage: Storage;
  readonly hashing: Pick<Hashing, "digest">;
  readonly metadata: { findContent(digest: Digest): Promise<StoredContent | null> };
}

/** What staged bytes are to become, and whose claim on them it is done under. */
export interface Publication {
  readonly digest: Digest;
  readonly owner: string;
}

/** What came of the transaction that makes content known and links it. */
export type FinishOutcome =
  /** `locator` is the one that counts: another upload of the same digest may have won. */
  | { readonly kind: "finished"; readonly locator: Locator }
  /** `found` was true and the content is gone meanwhile: publish instead. */
  | { readonly kind: "contentGone" };

/** That transaction. What it throws leaves nothing stored, and is thrown. */
export type FinishCommit = (content: CommittedContent) => Promise<FinishOutcome>;

/** Rounds in which the content that was found may vanish again before we give up. */
const rounds = 4;

/**
 * Verifies staged bytes, stores them unless the same content is stored already, and links them. The order is the promise: bytes and
 * their name are durable before the row is, and the row is durable before this resolves.
 * @throws RegistryError DIGEST_INVALID when the bytes are not `digest`; nothing is stored then. UPLOAD_UNKNOWN when the staged bytes
 * are gone; what `finish` throws.
 */
export async function commitStaged(
  deps: CommitDeps,
  staged: Staged,
  publication: Publication,
  finish: FinishCommit,
): Promise<void> {
  const size = staged.offset;
  const { digest } = publication;
  const actual = await deps.hashing.digest(staged.id, staged.staging, {
    size,
    algorithm: algorithmOf(digest),
  });
  if (actual !== digest) {
    throw new RegistryError("DIGEST_INVALID", {
      message: `the ${size} bytes that arrived are ${actual}, not ${digest}; upload them again`,
    });
  }
  await storeVerified(deps, staged, publication, finish);
}

/** As `commitStaged`, for bytes whose digest was just made from the staged bytes themselves. */
export async function storeVerified(
  deps: Omit<CommitDeps, "hashing">,
  staged: Staged,
  publication: Publication,
  finish: FinishCommit,
): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    if (await tryCommit(deps, staged, publication, finish)) return;
  }
  throw new RegistryError("BUSY", { retryAfter: 1 });
}

/** @returns false when content that was found is gone again: it has to be looked for anew. */
async function tryCommit(
  deps: Omit<CommitDeps, "hashing">,
  staged: Staged,
  { digest, owner }: Publication,
  finish: FinishCommit,
): Promise<boolean> {
  const { storage, metadata } = deps;
  const content = { digest, size: staged.offset };
  const known = await metadata.findContent(digest);
  if (known !== null && (await storage.content.open(known)) !== null) {
    const { locator } = known;
    const outcome = await finish({ ...content, locator, replaces: null, found: true });
    if (outcome.kind === "contentGone") return false;
    await storage.staging.discard(staged.id, staged.staging);
    return true;
  }
  const locator = await storage.staging.publish(staged, digest, owner);
  const replaces = known?.locator ?? null;
  await finishPublished(storage, { ...content, locator, replaces, found: false }, finish);
  await storage.staging.discard(staged.id, staged.staging);
  return true;
}

/** Only the name that the row now holds may stay: another upload of the same content may have been first. */
async function finishPublished(
  storage: Storage,
  content: CommittedContent,
  finish: FinishCommit,
): Promise<void> {
  const { locator, replaces } = content;
  const outcome = await finish(content).catch(async (error: unknown) => {
    // Only a refusal proves that no row names it; whatever else went wrong, the collection finds out.
    if (error instanceof RegistryError && !error.isServerSide)
      await storage.content.delete(locator);
    throw error;
  });
  if (outcome.kind !== "finished" || outcome.locator !== locator)
    await storage.content.delete(locator);
  else if (replaces !== null) await storage.content.delete(replaces);
}
