// Copies of whole objects on the S3 server, of any size.
import { inLanes, type S3Tools } from "./tools.ts";

/** S3 copies no more in one call, and no longer part. Bytes. */
const mostAtOnce = 5 * 1024 * 1024 * 1024;
/** Copies at a time. */
const lanes = 4;

/** @param size of the source, in bytes. @param part bytes in one call. @returns false when the source is absent. @throws S3Error; then there is no copy. */
export async function copyObject(
  { objects, uploads }: Pick<S3Tools, "objects" | "uploads">,
  { from, to, size }: { readonly from: string; readonly to: string; readonly size: number },
  part: number = mostAtOnce,
): Promise<boolean> {
  if (size <= part) return objects.copy(from, to);
  const upload = { key: to, upload: await uploads.create(to) };
  const starts = Array.from({ length: Math.ceil(size / part) }, (_, index) => index * part);
  try {
    const etags = await inLanes(starts, lanes, (start) => {
      const span = { start, end: Math.min(start + part, size) };
      return uploads.copy(upload, start / part + 1, from, span);
    });
    await uploads.complete(
      upload,
      etags.map((etag, index) => ({ number: index + 1, etag })),
    );
  } catch (error) {
    await uploads.abort(upload).catch(() => {});
    throw error;
  }
  return (await objects.head(to))?.size === size;
}
