// How open uploads are gone through, those of repositories and those in parts: a page at a time, in the order of their ids.
import type { UploadId } from "../model/uploadId.ts";

/** At most `limit` uploads with ids after `after`. */
export interface UploadPage {
  readonly after: UploadId | null;
  readonly limit: number;
}

/** What a page adds up to. */
export interface CountedUploads {
  readonly uploads: number;
  /** That are staged. */
  readonly bytes: number;
  /** The last id; null when there is none. */
  readonly last: UploadId | null;
}

/** A page without an upload. */
export const noUploads: CountedUploads = { uploads: 0, bytes: 0, last: null };
