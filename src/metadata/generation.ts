// `<data>/generation`: how far the database of a data directory has come. An older database that is put in its place shows: it is behind.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "../durability/files.ts";
import type { BackupsMetadata } from "./backups.ts";

const fileOf = (directory: string): string => join(directory, "generation");

/**
 * Counts the generation up, first in the database and then in the file. A file that cannot be read says nothing.
 * @param now Unix ms. @returns when the database was restored, Unix ms; null: never.
 */
export async function noteGeneration(
  directory: string,
  backups: Pick<BackupsMetadata, "advanceGeneration" | "findRestored">,
  now: number,
): Promise<number | null> {
  const text = await readFile(fileOf(directory), "utf8").catch(() => "");
  const noted = /^\d{1,15}\n?$/.test(text) ? Number(text) : 0;
  const generation = await backups.advanceGeneration(noted, now);
  await writeDurably(fileOf(directory), `${generation}\n`);
  return backups.findRestored();
}
