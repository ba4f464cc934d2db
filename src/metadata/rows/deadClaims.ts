// Claims that no clock ends. Only a server that is alone with its database gives them: one that starts knows that whoever had them has
// ended. A database of several servers has such claims from a time when there was one.
import { and, isNotNull, isNull } from "drizzle-orm";
import { unclaimed } from "./claims.ts";
import { multipartUploads } from "./objectsSchema.ts";
import { uploadSessions } from "./schema.ts";
import { command } from "./statement.ts";

const isEndless = (table: typeof uploadSessions | typeof multipartUploads) =>
  and(isNotNull(table.claimOwner), isNull(table.claimUntil));

/** What voids them. */
export const voidClaims = [
  command((db) => db.update(uploadSessions).set(unclaimed).where(isEndless(uploadSessions))),
  command((db) => db.update(multipartUploads).set(unclaimed).where(isEndless(multipartUploads))),
] as const;
