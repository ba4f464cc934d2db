// Upload sessions: acknowledged offsets against staged bytes.
import type { ListedUpload } from "../metadata/metadata.ts";
import { IdSums } from "../model/idSums.ts";
import type { UploadId } from "../model/uploadId.ts";
import type { FoundSession } from "./findings.ts";
import type { Inspection } from "./fsckRun.ts";

/** Rows read at a time. */
const page = 200;

/**
 * Every session, and everything that is staged. There may be a million, so of their names it keeps numbers.
 * @returns how many sessions there are.
 */
export async function inspectSessions(inspection: Inspection): Promise<number> {
  const { metadata, storage, progress, attempt, found } = inspection;
  const [staged, known] = [new IdSums(), new IdSums()];
  // Listed first: a session that starts meanwhile has bytes before it has a row.
  for await (const { id } of storage.staging.list()) staged.add(id);
  let [done, withRow] = [0, 0];
  for (let after: UploadId | null = null; ; ) {
    progress({ phase: "sessions", done, total: 0 });
    const rows: readonly ListedUpload[] = await metadata.uploadSweep.listUploads({
      after,
      limit: page,
    });
    for (const row of rows) {
      known.add(row.id);
      if (staged.has(row.id)) withRow += 1;
      await attempt(`upload session ${row.id}`, () => inspectSession(inspection, row));
    }
    done += rows.length;
    after = rows.at(-1)?.id ?? null;
    if (rows.length < page) break;
  }
  if (withRow === staged.size) return done;
  // Sessions that ended meanwhile have lost their row, and then their bytes.
  for await (const { id } of storage.staging.list()) {
    if (staged.has(id) && !known.has(id)) found({ kind: "stagedWithoutSession", id });
  }
  return done;
}

async function inspectSession(inspection: Inspection, row: ListedUpload): Promise<void> {
  // A session that is being written to may be between its last byte and its end, with its bytes already moved.
  if (row.writing || (await inspection.storage.repair.holdsStaged(row))) return;
  const { metadata, found } = inspection;
  const now = await metadata.uploads.findUpload(row.id, row.repository);
  // Ended or written to between the two looks.
  if (now === null || now.updatedAt !== row.updatedAt || now.offset !== row.offset) return;
  const session: FoundSession = { id: row.id, repository: row.repository, offset: row.offset };
  // Without a byte nothing was promised: a start is not made durable, and the cleanup ends what is left of it.
  found({ kind: row.offset === 0 ? "sessionWithoutBytes" : "sessionShort", session });
}
