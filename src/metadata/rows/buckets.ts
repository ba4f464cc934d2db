// Buckets: made, listed, and removed with the uploads that were on their way into them.
import type { BucketName } from "../../model/objectNames.ts";
import type { Signed } from "../audit.ts";
import type { ObjectsMetadata } from "../objects.ts";
import { record } from "./audit.ts";
import * as statements from "./objectStatements.ts";
import type { Body, Rows, Tx } from "./rows.ts";

/** Builds this part of the port. */
export function bucketsMetadata(
  rows: Rows,
): Pick<ObjectsMetadata, "createBucket" | "findBucket" | "listBuckets" | "removeBucket"> {
  return {
    createBucket: (bucket, now, by) =>
      rows.writeSettled(
        function* (tx) {
          if ((yield* tx.get(statements.insertBucket, { bucket, now })) === undefined) return false;
          const deed = { event: "bucket.create", resource: `bucket:${bucket}` } as const;
          record(tx, by && { ...by, at: now }, deed);
          return true;
        },
        (made) => made,
      ),
    findBucket: (bucket) => rows.find(statements.findBucket, { bucket }),
    async listBuckets({ after, limit }) {
      const found = await rows.list(statements.bucketPage, {
        after: after ?? "",
        limit: limit + 1,
      });
      return { buckets: found.slice(0, limit), more: limit > 0 && found.length > limit };
    },
    removeBucket: (bucket, by) =>
      rows.writeSettled(
        (tx) => removeBucket(tx, bucket, by),
        ({ kind }) => kind === "removed",
      ),
  };
}

type Removal = Awaited<ReturnType<ObjectsMetadata["removeBucket"]>>;

function* removeBucket(tx: Tx, bucket: BucketName, by: Signed | undefined): Body<Removal> {
  const found = yield* tx.get(statements.findBucketId, { bucket });
  if (found === undefined) return { kind: "unknown" };
  const { id: bucketId } = found;
  if ((yield* tx.get(statements.anyObject, { bucketId })) !== undefined) {
    return { kind: "notEmpty" };
  }
  // The count is all that is left of lost objects, and what keeps the collection from their content.
  if (found.objects > 0) return { kind: "lostObjects" };
  const uploads = yield* tx.all(statements.uploadsOf, { bucketId });
  if (uploads.some(({ claimOwner }) => claimOwner !== null)) return { kind: "busy" };
  // Its uploads and their parts go with the row.
  tx.run(statements.deleteBucket, { bucketId });
  // A bucket of the same name is another one.
  tx.run(statements.forgetCompletedOf, { bucket });
  record(tx, by, { event: "bucket.delete", resource: `bucket:${bucket}` });
  return { kind: "removed", uploads: uploads.map(({ id }) => id) };
}
