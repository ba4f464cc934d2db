// The row of content whose bytes have arrived: which stored name counts when several uploads bring the same bytes. Shared by blobs
// and objects.
import { eq, sql } from "drizzle-orm";
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import type { Locator } from "../../model/locator.ts";
import type { CommittedContent } from "../metadata.ts";
import { given } from "./placeholders.ts";
import { contents } from "./schema.ts";

const placeholder = sql.placeholder;

/** Statements of `keepContent`. */
export type ContentRow = ReturnType<typeof prepareContentRow>;

/** Prepares the statements of `keepContent`. */
export function prepareContentRow(db: BunSQLiteDatabase) {
  const byDigest = eq(contents.digest, placeholder("digest"));
  return {
    contentRow: db
      .select({ locator: contents.locator, damagedAt: contents.damagedAt })
      .from(contents)
      .where(byDigest)
      .prepare(),
    insertContent: db
      .insert(contents)
      .values({
        digest: placeholder("digest"),
        size: placeholder("size"),
        locator: placeholder("locator"),
        createdAt: placeholder("now"),
        keptUntil: placeholder("keptUntil"),
        // Nothing names it yet, and nobody was told that something does.
        releasedAt: placeholder("now"),
      })
      .prepare(),
    replaceContent: db
      .update(contents)
      .set({ size: given("size"), locator: given("locator"), damagedAt: null, verifiedAt: null })
      .where(byDigest)
      .prepare(),
  };
}

/** Content that an upload brought, or found. */
export interface ArrivedContent extends CommittedContent {
  /** Unix ms. */
  readonly now: number;
  /** The lease of new content, Unix ms. That of content which is there already is left alone. */
  readonly keptUntil: number;
}

/** Part of a transaction. @returns the locator that counts; null when content that was found is gone: then nothing was written. */
export function keepContent(statements: ContentRow, content: ArrivedContent): Locator | null {
  const { digest, size, locator, now, keptUntil } = content;
  const stored = statements.contentRow.get({ digest });
  const damaged = stored !== undefined && stored.damagedAt !== null;
  if (content.found && (stored?.locator !== locator || damaged)) return null;
  if (stored === undefined) {
    statements.insertContent.run({ digest, size, locator, now, keptUntil });
    return locator;
  }
  // The first to commit wins, unless what is stored is damaged: known to be, or found so by this upload.
  if (!damaged && stored.locator !== content.replaces) return stored.locator;
  statements.replaceContent.run({ digest, size, locator });
  return locator;
}
