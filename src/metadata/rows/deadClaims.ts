// Claims whose owners are gone: a server that starts is the only one, so whoever claimed something before it has ended.
import { isNotNull } from "drizzle-orm";
import { multipartUploads } from "./objectsSchema.ts";
import { uploadSessions } from "./schema.ts";
import { command } from "./statement.ts";

/** What voids all claims. */
export const voidClaims = [
  command((db) =>
    db.update(uploadSessions).set({ claimOwner: null }).where(isNotNull(uploadSessions.claimOwner)),
  ),
  command((db) =>
    db
      .update(multipartUploads)
      .set({ claimOwner: null })
      .where(isNotNull(multipartUploads.claimOwner)),
  ),
] as const;
