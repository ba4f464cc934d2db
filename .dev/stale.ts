// When a built file has to be built again. Shared by the build, the tests and the asset; reads file times only.
import { stat } from "node:fs/promises";

/** Modification time in Unix ms, or null when there is no such file. */
async function modifiedAt(path: string): Promise<number | null> {
  try {
    return (await stat(path)).mtimeMs;
  } catch {
    return null;
  }
}

/**
 * Why `output` has to be built again, in words for a log line; null when it is newer than everything it is made of.
 * @param root folder the patterns start from.
 * @param sources glob patterns; a folder's own time counts too, so that a deleted source is noticed.
 */
export async function staleReason(
  root: string,
  output: string,
  sources: readonly string[],
): Promise<string | null> {
  const built = await modifiedAt(output);
  if (built === null) return "it is missing";
  for (const pattern of sources) {
    const found = new Bun.Glob(pattern).scan({ cwd: root, dot: true, onlyFiles: false });
    for await (const source of found) {
      const changed = await modifiedAt(`${root}/${source}`);
      if (changed !== null && changed > built) return `${source} is newer`;
    }
  }
  return null;
}
