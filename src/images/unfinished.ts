// What is not finished: open upload sessions, uploads in parts, and their bytes. Metrics ask for it, `breadbox status` and the first page.
import type { UploadSweepMetadata } from "../metadata/metadata.ts";
import type { MultipartLifeMetadata } from "../metadata/multipart.ts";
import type { CountedUploads, UploadPage } from "../metadata/uploadPage.ts";
import type { UploadId } from "../model/uploadId.ts";
import { AgedValue } from "./aged.ts";

/** Open uploads and bytes. */
export interface Unfinished {
  /** Upload sessions, and the bytes that are staged in them. */
  readonly sessions: { readonly sessions: number; readonly bytes: number };
  /** Uploads in parts, and the bytes of their parts. */
  readonly inParts: { readonly uploads: number; readonly bytes: number };
}

interface Deps {
  readonly rows: {
    readonly uploadSweep: Pick<UploadSweepMetadata, "countUploads">;
    readonly multipartLife: Pick<MultipartLifeMetadata, "countMultipart">;
  };
  /** Unix ms. */
  readonly clock: () => number;
  /** Waits; ms. Between windows, so that others are served. */
  readonly rest: (ms: number) => Promise<void>;
}

/** Rows counted at a time: a request waits for a millisecond or two. */
const window = 2_000;

/** Counts now, or where there are many a short while ago. */
export class UnfinishedBook {
  readonly #counted: AgedValue<Unfinished>;

  constructor(deps: Deps) {
    this.#counted = new AgedValue(deps.clock, async () => {
      const counted = await countUnfinished(deps);
      return { ...counted, rows: counted.sessions.sessions + counted.inParts.uploads };
    });
  }

  read(): Promise<Unfinished> {
    return this.#counted.get();
  }
}

async function countUnfinished({ rows, rest }: Deps): Promise<Unfinished> {
  const sessions = await sumPages((page) => rows.uploadSweep.countUploads(page), rest);
  const inParts = await sumPages((page) => rows.multipartLife.countMultipart(page), rest);
  return { sessions: { sessions: sessions.uploads, bytes: sessions.bytes }, inParts };
}

async function sumPages(
  count: (page: UploadPage) => Promise<CountedUploads>,
  rest: Deps["rest"],
): Promise<{ readonly uploads: number; readonly bytes: number }> {
  let [uploads, bytes] = [0, 0];
  for (let after: UploadId | null = null; ; ) {
    const page: CountedUploads = await count({ after, limit: window });
    uploads += page.uploads;
    bytes += page.bytes;
    after = page.last;
    if (page.uploads < window) return { uploads, bytes };
    await rest(0);
  }
}
