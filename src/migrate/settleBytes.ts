// Copies bytes until a moment of the old database has none that are not copied. While a server works, more come meanwhile.
import type { CopiedTable, CopyNotes, CopySource, Row } from "../metadata/copy.ts";
import { contentsOf, readContent } from "./contents.ts";
import { type BytesRun, copyContents, isCopied, leaveOut, type Problems } from "./copyBytes.ts";
import { MigrateError, type MigrateRequest } from "./report.ts";
import { rowsOf } from "./syncRows.ts";

/** A moment of the old database, and which of its bytes are missing in the new storage. */
export interface Settled {
  readonly moment: CopySource;
  /** Contents whose bytes are lost. */
  readonly problems: Problems;
}

/** What is to be copied. */
export interface Amount {
  readonly contents: number;
  readonly bytes: number;
}

/** More rounds than a server needs that gets pushes all the time: each one is shorter than the one before. */
const mostRounds = 20;

/** @returns a moment, open. @throws what the new storage throws. */
export async function settleBytes(
  run: BytesRun,
  openMoment: () => Promise<CopySource>,
  { acceptsDamage }: Pick<MigrateRequest, "acceptsDamage">,
): Promise<Settled> {
  for (let round = 1; round <= mostRounds; round += 1) {
    const problems = await copyContents(run, openMoment);
    const moment = await openMoment();
    const { missing, lasting } = await review(moment, run.notes, problems);
    const isWhole = missing.contents === lasting.size;
    if (isWhole && (lasting.size === 0 || !acceptsDamage)) return { moment, problems: lasting };
    if (isWhole) return { moment, problems: await acceptAll(run, moment, lasting) };
    await moment.close();
  }
  throw new MigrateError(
    "contents came faster than they were copied: run the command again, or stop the server",
  );
}

/** Counts contents that are not copied. @param problems why some could not be: those that still hold last. */
export async function review(
  moment: CopySource,
  notes: Pick<CopyNotes, "find">,
  problems: Problems,
): Promise<{ readonly missing: Amount; readonly lasting: Problems }> {
  const lasting: Problems = new Map();
  let [contents, bytes] = [0, 0];
  const table = contentsOf(moment);
  for await (const rows of rowsOf(moment, table)) {
    for (const content of missingOf(table, rows, notes)) {
      contents += 1;
      bytes += content.size;
      const problem = problems.get(content.digest);
      if (problem?.locator === content.locator) lasting.set(content.digest, problem);
    }
  }
  return { missing: { contents, bytes }, lasting };
}

const missingOf = (table: CopiedTable, rows: readonly Row[], notes: Pick<CopyNotes, "find">) =>
  rows.map((row) => readContent(table, row)).filter((content) => !isCopied(notes, content));

/** They are damaged ones of the new store. @returns why. */
async function acceptAll(run: BytesRun, moment: CopySource, lost: Problems): Promise<Problems> {
  const table = contentsOf(moment);
  for await (const rows of rowsOf(moment, table)) {
    for (const content of missingOf(table, rows, run.notes)) await leaveOut(run, content);
  }
  return lost;
}

const holdsUploads: ReadonlySet<string> = new Set(["upload_sessions", "multipart_uploads"]);

/** How many uploads are open. */
export async function countUploads(moment: CopySource): Promise<number> {
  let count = 0;
  for (const table of moment.tables) {
    if (!holdsUploads.has(table.name)) continue;
    for await (const rows of rowsOf(moment, table)) count += rows.length;
  }
  return count;
}
