// The database as it was before its schema was changed, in a file beside it: the way back to the version before.
import { readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { syncDirectory } from "../../durability/files.ts";
import { NotSavedError } from "../openErrors.ts";
import { isDamaged } from "./failures.ts";
import { copyDatabase, syncFile } from "./snapshot.ts";

const saved = /^breadbox\.db\.before-\w+(?:\.new)?$/;

/**
 * Saves the database as `breadbox.db.before-<migration>`, durably, and removes earlier ones. Blocks while it copies.
 * @throws NotSavedError when it cannot be written.
 */
export async function saveBefore(directory: string, migration: string): Promise<void> {
  const path = join(directory, "breadbox.db");
  const name = `breadbox.db.before-${migration}`;
  const draft = join(directory, `${name}.new`);
  rmSync(draft, { force: true });
  try {
    copyDatabase(path, draft);
    syncFile(draft);
    renameSync(draft, join(directory, name));
    await syncDirectory(directory);
  } catch (error) {
    rmSync(draft, { force: true });
    if (isDamaged(error)) throw error;
    throw new NotSavedError(path, statSync(path).size, error);
  }
  for (const other of readdirSync(directory)) {
    if (saved.test(other) && other !== name) rmSync(join(directory, other), { force: true });
  }
}
