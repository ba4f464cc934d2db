// Staged bytes whose digest is known become content under a fresh name: verified, on disk, and found from the top.
import { join } from "node:path";
import type { WriteLatch } from "../../durability/writeLatch.ts";
import { RegistryError } from "../../errors.ts";
import { type Algorithm, algorithmOf, type Digest, hexOf } from "../../model/digest.ts";
import type { Locator } from "../../model/locator.ts";
import type { Sealed, SealOptions, Staged } from "../staging.ts";
import { isAbsent, writeFailure } from "./failures.ts";
import type { FolderSyncs } from "./folderSyncs.ts";
import { giveName } from "./links.ts";
import { placeOf } from "./stagedPlaces.ts";
import type { StagedWrites } from "./stagedWrites.ts";

/** The storage's dependencies of sealing. */
export interface SealingOptions {
  /** The data directory. */
  readonly directory: string;
  /** Where content is. */
  readonly blobs: string;
  readonly latch: WriteLatch;
  readonly syncs: FolderSyncs;
  readonly writes: StagedWrites;
  /** The staged bytes have a stored name: further bytes are appended to a copy. */
  readonly onNamed: (staged: Staged) => void;
}

/** Seals sessions, and what was put together from parts. */
export class Sealing {
  readonly #options: SealingOptions;

  constructor(options: SealingOptions) {
    this.#options = options;
  }

  /** @param digestBy makes the digest of exactly the staged bytes. */
  async seal(
    staged: Staged,
    digestBy: (algorithm: Algorithm) => Promise<Digest>,
    { as, expected, owner, isStored }: SealOptions,
  ): Promise<Sealed> {
    const content = { digest: await digestBy(as), size: staged.offset };
    for (const asked of expected) {
      const algorithm = algorithmOf(asked);
      const actual = algorithm === as ? content.digest : await digestBy(algorithm);
      if (actual !== asked) return { kind: "mismatch", expected: asked, actual };
    }
    if (await isStored(content)) return { kind: "sealed", locator: null, ...content };
    const { writes, onNamed } = this.#options;
    const locator = await writes.alone(staged.id, () =>
      // After a failure too: the name may be there by now.
      this.#name(staged, content.digest, owner).finally(() => onNamed(staged)),
    );
    return { kind: "sealed", locator, ...content };
  }

  async #name(staged: Staged, digest: Digest, owner: string): Promise<Locator> {
    const { directory, blobs, latch, syncs, writes } = this.#options;
    latch.assertWritable();
    await writes.settle(staged);
    const hex = hexOf(digest);
    const [algorithm, prefix] = [algorithmOf(digest), hex.slice(0, 2)];
    const locator = `${algorithm}/${prefix}/${hex}.${owner}` as Locator;
    const from = placeOf(directory, staged).file;
    const to = join(blobs, locator);
    try {
      await syncs.make(blobs, algorithm, prefix);
      await giveName(from, to).catch(async (error: unknown) => {
        if (!isAbsent(error)) throw error;
        // The folder that was made long ago may have been removed.
        await syncs.makeAgain(blobs, algorithm, prefix);
        await giveName(from, to);
      });
    } catch (error) {
      if (isAbsent(error)) throw new RegistryError("UPLOAD_UNKNOWN", { cause: error });
      throw writeFailure(error, latch);
    }
    await syncs.sync(join(blobs, algorithm, prefix));
    return locator;
  }
}
