// Large files for the bench, written by this process so that the CPU they cost is counted as the bench's own.
import { randomBytes } from "node:crypto";
import { open } from "node:fs/promises";

/** Writes `size` bytes (rounded up to MiB), one random MiB again and again; with `sync` they are on the disk afterwards. */
export async function fillFile(path: string, size: number, { sync = false } = {}): Promise<void> {
  const block = randomBytes(1 << 20);
  const file = await open(path, "w");
  try {
    for (let offset = 0; offset < size; offset += block.length) {
      await file.write(block, 0, block.length, offset);
    }
    if (sync) await file.sync();
  } finally {
    await file.close();
  }
}
