// A working directory of its own for each test, and the two ways a load can end.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LoadedConfig, loadConfig, type Sources } from "../../src/config/load.ts";
import { ConfigError } from "../../src/config/problem.ts";

let directory = "";

/** Makes an empty working directory. */
export async function openRoom(): Promise<string> {
  directory = await mkdtemp(join(tmpdir(), "breadbox-config-"));
  return directory;
}

/** Removes it. */
export const closeRoom = (): Promise<void> => rm(directory, { recursive: true, force: true });

/** Sources of one load; `yaml` becomes breadbox.yml in the working directory. */
export type Given = Partial<Omit<Sources, "directory">> & { readonly yaml?: string | Uint8Array };

/** Loads from exactly these sources. */
export async function load({ yaml, ...given }: Given): Promise<LoadedConfig> {
  if (yaml !== undefined) await writeFile(join(directory, "breadbox.yml"), yaml);
  return loadConfig({ flags: {}, env: {}, directory, ...given });
}

/** The problems of a configuration that must be refused. */
export async function problemsOf(given: Given): Promise<string[]> {
  try {
    await load(given);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split("\n");
    throw error;
  }
  throw new Error("the configuration was accepted");
}
