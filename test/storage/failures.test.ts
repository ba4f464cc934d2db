// What a failed call on a file means: which failures pass, which cost one upload, and which make the store read-only.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { readFailure } from "../../src/durability/errno.ts";
import { WriteLatch } from "../../src/durability/writeLatch.ts";
import { RegistryError, type Situation } from "../../src/errors.ts";
import { FailedSync, syncFailure, writeFailure } from "../../src/storage/filesystem/failures.ts";
import { FolderSyncs } from "../../src/storage/filesystem/folderSyncs.ts";
import { run, tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

const failure = (code: string) => Object.assign(new Error(code), { code });

function situationOf(error: unknown): Situation {
  if (error instanceof RegistryError) return error.situation;
  throw error;
}

describe("a temporary shortage of the machine", () => {
  test.each(["EMFILE", "ENFILE", "ENOMEM", "EAGAIN"])("%s passes", (code) => {
    const latch = new WriteLatch(() => {});

    const failures = [readFailure(failure(code)), writeFailure(failure(code), latch)];

    expect(failures.map(situationOf)).toEqual(["BUSY", "BUSY"]);
    expect(failures).toMatchObject([{ status: 503, retryAfter: 1 }, { status: 503 }]);
    expect(latch.reason).toBe(null);
  });
});

describe("a failed sync", () => {
  test.each(["ENOSPC", "EDQUOT"])("that says %s costs its upload, not the store", (code) => {
    const latch = new WriteLatch(() => {});

    const failures = [
      syncFailure(failure(code), latch),
      writeFailure(new FailedSync(failure(code)), latch),
    ];

    expect(failures.map(situationOf)).toEqual(["DISK_FULL", "DISK_FULL"]);
    expect(latch.reason).toBe(null);
  });

  test.each(["EIO", "EROFS", "EMFILE", "ENOMEM"])("that says %s trips the latch", (code) => {
    const latch = new WriteLatch(() => {});

    expect(situationOf(writeFailure(new FailedSync(failure(code)), latch))).toBe("READ_ONLY");

    expect(latch.reason).toBe("a sync of the data directory failed");
  });
});

/** Makes and syncs folders in a process of its own that has no descriptor left for a while. Prints what it met. */
const starving = (source: string, folder: string) => `
  import { closeSync, openSync } from "node:fs";
  import { WriteLatch } from "${source}/durability/writeLatch.ts";
  import { FolderSyncs } from "${source}/storage/filesystem/folderSyncs.ts";
  const latch = new WriteLatch(() => {});
  const syncs = new FolderSyncs(latch);
  const taken = [];
  try { for (;;) taken.push(openSync("/dev/null", "r")); } catch {}
  const short = await syncs.sync("${folder}").catch((error) => error.situation);
  for (const each of taken) closeSync(each);
  await syncs.sync("${folder}");
  console.log(JSON.stringify({ short, reason: latch.reason }));
`;

test("a folder that cannot be opened for lack of descriptors is synced a moment later", async () => {
  await using scope = new Scope();
  const folder = tempFolder(scope, "starving");
  const script = join(folder, "starving.ts");
  await Bun.write(script, starving(join(import.meta.dir, "../../src"), folder));

  const { stdout } = await run(["prlimit", "--nofile=100", process.execPath, script]);

  expect(JSON.parse(stdout)).toEqual({ short: "BUSY", reason: null });
});

test("a folder that is missing means an unknown upload", async () => {
  const latch = new WriteLatch(() => {});
  const syncs = new FolderSyncs(latch);

  const sync = syncs.syncOnce("/nowhere/at/all");

  await expect(sync).rejects.toMatchObject({ situation: "UPLOAD_UNKNOWN" });
  expect(latch.reason).toBe(null);
});
