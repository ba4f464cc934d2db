// The row of content whose bytes have arrived: which stored name counts when several uploads bring the same bytes. Shared by blobs
// and objects.
import { eq } from "drizzle-orm";
import type { Digest } from "../../model/digest.ts";
import type { Locator } from "../../model/locator.ts";
import type { CommittedContent } from "../metadata.ts";
import type { Body, Tx } from "./rows.ts";
import { contents } from "./schema.ts";
import { command, type Params, statement } from "./statement.ts";

/** Content that an upload brought, or found. */
export interface ArrivedContent extends CommittedContent {
  /** Unix ms. */
  readonly now: number;
  /** The lease of new content, Unix ms. That of content which is there already is left alone. */
  readonly keptUntil: number;
}

type Row = Pick<ArrivedContent, "digest" | "size" | "locator">;

const find = statement((db, { digest }: Params<{ digest: Digest }>) =>
  db
    .select({ locator: contents.locator, damagedAt: contents.damagedAt })
    .from(contents)
    .where(eq(contents.digest, digest)),
);
const insert = command((db, given: Params<Row & Pick<ArrivedContent, "now" | "keptUntil">>) => {
  const { digest, size, locator, now, keptUntil } = given;
  // Nothing names it yet, and nobody was told that something does.
  const row = { digest, size, locator, keptUntil, createdAt: now, releasedAt: now };
  return db.insert(contents).values(row);
});
const replace = command((db, { digest, size, locator }: Params<Row>) =>
  db
    .update(contents)
    .set({ size, locator, damagedAt: null, verifiedAt: null })
    .where(eq(contents.digest, digest)),
);

/** @returns the locator that counts; null when content that was found is gone: then nothing was written. */
export function* keepContent(tx: Tx, content: ArrivedContent): Body<Locator | null> {
  const { digest, size, locator, now, keptUntil } = content;
  const stored = yield* tx.get(find, { digest });
  const damaged = stored !== undefined && stored.damagedAt !== null;
  if (content.found && (stored?.locator !== locator || damaged)) return null;
  if (stored === undefined) {
    tx.run(insert, { digest, size, locator, now, keptUntil });
    return locator;
  }
  // The first to commit wins, unless what is stored is damaged: known to be, or found so by this upload.
  if (!damaged && stored.locator !== content.replaces) return stored.locator;
  tx.run(replace, { digest, size, locator });
  return locator;
}
