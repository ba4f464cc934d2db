// What the inspection asks of stored content, and what it repairs. Asked seldom, and much is read: no request waits for it.
import { and, asc, count, eq, gt, isNotNull, isNull, lt, or, sql } from "drizzle-orm";
import type { Digest } from "../../model/digest.ts";
import type { Locator } from "../../model/locator.ts";
import type { ContentKey, InspectionMetadata, InspectionTotals } from "../inspection.ts";
import { objects } from "./objectsSchema.ts";
import type { Body, Rows, Tx } from "./rows.ts";
import { contents, manifests, trash } from "./schema.ts";
import { command, type Params, statement } from "./statement.ts";

interface Limit {
  readonly limit: number;
}
/** Unix ms. */
interface Now {
  readonly now: number;
}
interface Due extends Now {
  readonly since: number;
}

const bytes = sql<number>`coalesce(sum(${contents.size}), 0)`;
const sumContents = statement((db) => db.select({ contents: count(), bytes }).from(contents));
const countManifests = statement((db) => db.select({ manifests: count() }).from(manifests));
const countObjects = statement((db) => db.select({ objects: count() }).from(objects));

const inspected = {
  digest: contents.digest,
  size: contents.size,
  locator: contents.locator,
  damagedAt: contents.damagedAt,
};
const listContents = statement((db, given: Params<{ after: Digest | "" } & Limit>) =>
  db
    .select(inspected)
    .from(contents)
    .where(gt(contents.digest, given.after))
    .orderBy(asc(contents.digest))
    .limit(given.limit),
);
const findContentRow = statement((db, { digest }: Params<{ digest: Digest }>) =>
  db.select(inspected).from(contents).where(eq(contents.digest, digest)),
);
// Without an index on purpose: the scrub asks once for thousands, and every push would pay for it.
const lastKnown = sql`coalesce(${contents.verifiedAt}, ${contents.createdAt})`;
/** What was stored or read after the last due time is not due; a time that lies in the future proves nothing. */
const isDue = ({ since, now }: Params<Due>) =>
  and(isNull(contents.damagedAt), or(lt(lastKnown, since), gt(lastKnown, now)));
const listUnverified = statement((db, given: Params<Due & Limit>) =>
  db
    .select(inspected)
    .from(contents)
    .where(isDue(given))
    .orderBy(asc(lastKnown), asc(contents.digest))
    .limit(given.limit),
);
/** What is due for the scrub, without a limit. */
export const sumUnverified = statement((db, given: Params<Due>) =>
  db.select({ contents: count(), bytes }).from(contents).where(isDue(given)),
);
const listTrashInUse = statement((db, { limit }: Params<Limit>) =>
  db
    .select({ digest: contents.digest, locator: contents.locator })
    .from(trash)
    .innerJoin(contents, eq(contents.locator, trash.locator))
    .limit(limit),
);

const isSame = ({ digest, locator }: Params<ContentKey>) =>
  and(eq(contents.digest, digest), eq(contents.locator, locator));
const markDamaged = statement((db, given: Params<ContentKey & Now>) =>
  db
    .update(contents)
    .set({ damagedAt: given.now })
    .where(and(isSame(given), isNull(contents.damagedAt)))
    .returning({ digest: contents.digest }),
);
const markSound = statement((db, given: Params<ContentKey & Now>) =>
  db
    .update(contents)
    .set({ damagedAt: null, verifiedAt: given.now })
    .where(and(isSame(given), isNotNull(contents.damagedAt)))
    .returning({ digest: contents.digest }),
);
const noteVerified = statement((db, given: Params<ContentKey & Now>) =>
  db
    .update(contents)
    .set({ verifiedAt: given.now })
    .where(and(isSame(given), isNull(contents.damagedAt)))
    .returning({ digest: contents.digest }),
);
const keepTrash = command((db, { locator }: Params<{ locator: Locator }>) =>
  db.delete(trash).where(eq(trash.locator, locator)),
);

/**
 * Builds this part of the port.
 * @param checkDatabase is different for each database: it is about its pages and indexes.
 */
export function inspectionMetadata(
  rows: Rows,
  checkDatabase: InspectionMetadata["checkDatabase"],
): InspectionMetadata {
  return {
    checkDatabase,
    countAll: () => rows.read(countAll),
    listContents: ({ after, limit }) => rows.list(listContents, { after: after ?? "", limit }),
    findContentRow: (digest) => rows.find(findContentRow, { digest }),
    listUnverified: ({ since, now, limit }) => rows.list(listUnverified, { since, now, limit }),
    listTrashInUse: (limit) => rows.list(listTrashInUse, { limit }),
    markDamaged: async (content, now) =>
      (await rows.change(markDamaged, { ...content, now })) !== null,
    markSound: async (content, now) => (await rows.change(markSound, { ...content, now })) !== null,
    noteVerified: (contents, now) =>
      rows.writeLazily(function* (tx) {
        for (const content of contents) yield* tx.get(noteVerified, { ...content, now });
      }),
    keepTrash: (locator) => rows.run(keepTrash, { locator }),
  };
}

function* countAll(tx: Tx): Body<InspectionTotals> {
  const { contents = 0, bytes = 0 } = (yield* tx.get(sumContents, {})) ?? {};
  const { manifests = 0 } = (yield* tx.get(countManifests, {})) ?? {};
  const { objects = 0 } = (yield* tx.get(countObjects, {})) ?? {};
  return { contents, bytes, manifests, objects };
}
