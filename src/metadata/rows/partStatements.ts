// Statements of the parts of uploads.
import { and, asc, eq, gt, sql } from "drizzle-orm";
import type { StagedPart } from "../../model/staged.ts";
import type { UploadId } from "../../model/uploadId.ts";
import { multipartParts, multipartUploads } from "./objectsSchema.ts";
import { command, type Params, statement } from "./statement.ts";

interface ByRow {
  readonly rowId: number;
}

const part = {
  number: multipartParts.partNumber,
  size: multipartParts.sizeBytes,
  etag: multipartParts.etag,
  name: multipartParts.partName,
  version: multipartParts.version,
  createdAt: multipartParts.createdAt,
};

const ofUpload = ({ rowId }: Params<ByRow>) => eq(multipartParts.uploadId, rowId);

export const findPart = statement((db, given: Params<ByRow & { number: number }>) =>
  db
    .select(part)
    .from(multipartParts)
    .where(and(ofUpload(given), eq(multipartParts.partNumber, given.number))),
);
export const partPage = statement((db, given: Params<ByRow & { after: number; limit: number }>) =>
  db
    .select(part)
    .from(multipartParts)
    .where(and(ofUpload(given), gt(multipartParts.partNumber, given.after)))
    .orderBy(asc(multipartParts.partNumber))
    .limit(given.limit),
);
export const partsOf = statement((db, given: Params<{ id: UploadId }>) =>
  db
    .select(part)
    .from(multipartParts)
    .innerJoin(multipartUploads, eq(multipartUploads.id, multipartParts.uploadId))
    .where(eq(multipartUploads.uploadId, given.id))
    .orderBy(asc(multipartParts.partNumber)),
);

type PartRow = ByRow & Omit<StagedPart, "place"> & StagedPart["place"];

export const upsertPart = command((db, given: Params<PartRow>) => {
  const { rowId, number, size, etag, name, version, createdAt } = given;
  return db
    .insert(multipartParts)
    .values({
      ...{ uploadId: rowId, partNumber: number, sizeBytes: size, etag },
      ...{ partName: name, version, createdAt },
    })
    .onConflictDoUpdate({
      target: [multipartParts.uploadId, multipartParts.partNumber],
      set: {
        sizeBytes: sql`excluded.size_bytes`,
        etag: sql`excluded.etag`,
        partName: sql`excluded.temp_path`,
        version: sql`excluded.version`,
        createdAt: sql`excluded.created_at`,
      },
    });
});
