// Staged bytes → verified → stored: the only writer of content.
import { RegistryError } from "../errors.ts";
import type { ContentsMetadata } from "../metadata/contents.ts";
import type { CommittedContent, StoredContent } from "../metadata/metadata.ts";
import type { Locator } from "../model/locator.ts";
import type { Sealed, SealOptions } from "../storage/staging.ts";
import type { Storage } from "../storage/storage.ts";

/** The dependencies of a commit. */
export interface CommitDeps {
  readonly storage: Pick<Storage, "content">;
  readonly contents: Pick<ContentsMetadata, "findContent">;
}

/** Bytes that are to become content. */
export interface Sealable {
  /** Verifies them and makes them content, unless `isStored` says that it is there already. May be asked again. */
  readonly seal: (isStored: SealOptions["isStored"]) => Promise<Sealed>;
  /** Drops them, once they are content. */
  readonly discard: () => Promise<void>;
}

/** The outcome of the transaction that makes content known and links it. */
export type FinishOutcome =
  /** `locator` is the one that counts: another upload of the same digest may have won. */
  | { readonly kind: "finished"; readonly locator: Locator }
  /** `found` was true and the content has been deleted meanwhile: publish instead. */
  | { readonly kind: "contentGone" };

/** That transaction. What it throws leaves nothing stored, and is thrown. */
export type FinishCommit = (content: CommittedContent) => Promise<FinishOutcome>;

/** Rounds in which the content that was found may vanish again before we give up. */
const rounds = 4;

/**
 * Verifies staged bytes, stores them unless the same content is stored already, and links them. The order is the promise: bytes and
 * their name are durable before the row is, and the row is durable before this resolves.
 * @returns their digest and size; "mismatch" when they differ from the expected digest: then nothing is stored.
 * @throws RegistryError as `seal`; BUSY when the content vanishes again and again; what `finish` throws.
 */
export async function commitStaged(
  deps: CommitDeps,
  bytes: Sealable,
  finish: FinishCommit,
): Promise<Sealed> {
  for (let round = 0; round < rounds; round += 1) {
    const outcome = await tryCommit(deps, bytes, finish);
    if (outcome !== null) return outcome;
  }
  throw new RegistryError("BUSY", { retryAfter: 1 });
}

/** @returns null when found content has been deleted meanwhile: the lookup must be repeated. */
async function tryCommit(
  { storage, contents }: CommitDeps,
  { seal, discard }: Sealable,
  finish: FinishCommit,
): Promise<Sealed | null> {
  const look: { known: StoredContent | null } = { known: null };
  const sealed = await seal(async ({ digest }) => {
    look.known = await contents.findContent(digest);
    if (look.known === null) return false;
    // What was seen a while ago is not enough: the bytes that came are dropped for it.
    return (await storage.content.stat(look.known.locator))?.size === look.known.size;
  });
  if (sealed.kind === "mismatch") return sealed;
  const { digest, size, locator } = sealed;
  if (locator !== null) {
    const replaces = look.known?.locator ?? null;
    await finishSealed(storage, { digest, size, locator, replaces, found: false }, finish);
  } else if (look.known !== null) {
    const content = { digest, size, locator: look.known.locator, replaces: null, found: true };
    if ((await finish(content)).kind === "contentGone") return null;
  }
  await discard();
  return sealed;
}

/** Only the name that the row now holds may stay: another upload of the same content may have been first. */
async function finishSealed(
  storage: Pick<Storage, "content">,
  content: CommittedContent,
  finish: FinishCommit,
): Promise<void> {
  const { locator, replaces } = content;
  const outcome = await finish(content).catch(async (error: unknown) => {
    // Only a refusal proves that no row names it; after any other failure, the collection decides.
    if (error instanceof RegistryError && !error.isServerSide)
      await storage.content.release(locator);
    throw error;
  });
  if (outcome.kind !== "finished" || outcome.locator !== locator)
    await storage.content.delete(locator);
  else if (replaces !== null) await storage.content.delete(replaces);
}
