// A session whose S3 upload has ended without its row: a process died after it was completed. What counts is copied, on the server,
// to a new upload under a fresh key; the completed object stays for whoever names it, or for the collection.
import { RegistryError } from "../../errors.ts";
import type { UploadId } from "../../model/uploadId.ts";
import { cellStart } from "./grid.ts";
import { newContentKey } from "./names.ts";
import { addEtag, noEtags, type StagedState } from "./state.ts";
import { inLanes, type S3Tools } from "./tools.ts";

/** Copies at a time. */
const lanes = 8;

/** @returns the session's state with its parts in an open upload. @throws RegistryError UPLOAD_UNKNOWN when its bytes are nowhere. */
export async function reopen(
  { objects, uploads, grid, newId }: S3Tools,
  id: UploadId,
  before: StagedState,
): Promise<StagedState> {
  const { key: from, parts, kind } = before;
  const found = await objects.head(from);
  if (found === null || found.size < cellStart(grid, parts)) {
    throw new RegistryError("UPLOAD_UNKNOWN");
  }
  const key = newContentKey(id, kind, newId);
  const upload = await uploads.create(key);
  const cells = Array.from({ length: parts }, (_, index) => index);
  const etags = await inLanes(cells, lanes, (index) => {
    const span = { start: cellStart(grid, index), end: cellStart(grid, index + 1) };
    return uploads.copy({ key, upload }, index + 1, from, span);
  });
  return { ...before, key, upload, etags: etags.reduce(addEtag, noEtags) };
}
