// Buckets on SQLite: made, listed, and removed with the uploads that were on their way into them.
import type { BucketName } from "../../model/objectNames.ts";
import type { ObjectsMetadata } from "../objects.ts";
import type { Connection } from "./connection.ts";
import type { ObjectStatements } from "./objectStatements.ts";

/** Builds this part of the port over one connection. */
export function bucketsMetadata(
  connection: Connection,
  statements: ObjectStatements,
): Pick<ObjectsMetadata, "createBucket" | "findBucket" | "listBuckets" | "removeBucket"> {
  return {
    createBucket: (bucket, now) =>
      connection.writeSettled(
        () => statements.insertBucket.get({ bucket, now }) !== undefined,
        (made) => made,
      ),
    findBucket: (bucket) => connection.read(() => statements.bucket.get({ bucket }) ?? null),
    listBuckets: ({ after, limit }) =>
      connection.read(() => {
        const rows = statements.bucketPage.all({ after: after ?? "", limit: limit + 1 });
        return { buckets: rows.slice(0, limit), more: limit > 0 && rows.length > limit };
      }),
    removeBucket: (bucket) =>
      connection.writeSettled(
        () => removeBucket(statements, bucket),
        ({ kind }) => kind === "removed",
      ),
  };
}

type Removal = Awaited<ReturnType<ObjectsMetadata["removeBucket"]>>;

function removeBucket(statements: ObjectStatements, bucket: BucketName): Removal {
  const found = statements.bucketId.get({ bucket });
  if (found === undefined) return { kind: "unknown" };
  const { id: bucketId } = found;
  if (statements.anyObject.get({ bucketId }) !== undefined) return { kind: "notEmpty" };
  // The count is all that is left of lost objects, and what keeps the collection from their content.
  if (found.objects > 0) return { kind: "lostObjects" };
  const uploads = statements.uploadsOf.all({ bucketId });
  if (uploads.some(({ claimOwner }) => claimOwner !== null)) return { kind: "busy" };
  // Its uploads and their parts go with the row.
  statements.removeBucket.run({ bucketId });
  // A bucket of the same name is another one.
  statements.forgetCompletedOf.run({ bucket });
  return { kind: "removed", uploads: uploads.map(({ id }) => id) };
}
