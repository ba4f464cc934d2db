// fsck on a data directory as a test leaves it, in this process: what must be clean after every crash and beside every load.

import { WriteLatch } from "../../src/durability/writeLatch.ts";
import { describeFinding } from "../../src/fsck/findingText.ts";
import { inspectStore } from "../../src/fsck/fsck.ts";
import type { FsckReport } from "../../src/fsck/fsckRun.ts";
import { readStoredManifest } from "../../src/registry/manifest.ts";
import { openFilesystem } from "../../src/storage/filesystem/filesystem.ts";
import { openRows } from "./openRows.ts";

/** Inspects, beside a running server or without one. @param full reads every byte. */
export async function inspectData(directory: string, full = true): Promise<FsckReport> {
  const [latch, clock] = [new WriteLatch(() => {}), Date.now];
  const newId = (): string => Bun.randomUUIDv7();
  const options = { directory, latch, clock, newId };
  const { metadata } = await openRows({ ...options, role: "tool" });
  try {
    const storage = await openFilesystem(options);
    try {
      const deps = { metadata, storage, derive: readStoredManifest, clock };
      return await inspectStore(deps, { full, repair: false });
    } finally {
      await storage.close();
    }
  } finally {
    await metadata.close();
  }
}

/** What `inspectData` found that is no mere notice, as `breadbox fsck` says it; empty for a clean store. */
export async function problemsOf(directory: string, full = true): Promise<string[]> {
  const { judged } = await inspectData(directory, full);
  return judged
    .filter(({ severity }) => severity !== "notice")
    .map(({ finding }) => describeFinding(finding));
}
