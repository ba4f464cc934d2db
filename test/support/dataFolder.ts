// What a data directory holds, seen from outside: names and hashes of the stored content.
import { createReadStream, existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";

const storedName = /^sha256\/([0-9a-f]{2})\/(\1[0-9a-f]{62})\.[0-9a-f-]{36}$/;

/** Paths under `<data>/blobs`, relative to it. */
export async function storedFiles(data: string): Promise<string[]> {
  const root = join(data, "blobs");
  if (!existsSync(root)) return [];
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
}

async function hashFile(path: string): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    hasher.update(chunk);
  }
  return hasher.digest("hex");
}

/** Every stored file whose name is not `sha256/<2 hex>/<hex>.<uuid>` or whose bytes have another hash than its name
 *  begins with, with the reason. */
export async function damagedFiles(data: string): Promise<string[]> {
  const damaged: string[] = [];
  for (const file of await storedFiles(data)) {
    const expected = storedName.exec(file)?.[2];
    const found = await hashFile(join(data, "blobs", file));
    if (expected !== found) damaged.push(`${file} has the hash ${found}`);
  }
  return damaged;
}
