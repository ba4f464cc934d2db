// Small files and names that outlive a power loss.
import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";

/** Makes a directory's entries durable. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes a file durably: whole or not at all. Only its owner may read it. @param draft its name until it is whole. */
export async function writeDurably(
  path: string,
  text: string,
  draft = `${path}.new`,
): Promise<void> {
  const file = await open(draft, "w", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
  await syncDirectory(dirname(path));
}
