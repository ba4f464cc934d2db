// Port 2, intake: what an import writes, many at a time. One transaction for each would cost most of its time.
import type {
  ManifestPut,
  ManifestPutOutcome,
  UploadFinish,
  UploadFinishOutcome,
} from "./metadata.ts";

/** As the methods of one, in one transaction, in order: each has its own outcome, and a refused one does not undo the others. */
export interface IntakeMetadata {
  finishUploads(finishes: readonly UploadFinish[]): Promise<readonly UploadFinishOutcome[]>;
  putManifests(puts: readonly ManifestPut[]): Promise<readonly ManifestPutOutcome[]>;
}
