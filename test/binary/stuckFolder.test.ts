// A folder that cannot be removed, whatever keeps it: what lies behind it is removed all the same, and the log says so.
import { expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startBreadbox } from "../support/binary.ts";
import { run, tempFolder, waitFor } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

/** Makes a folder that holds a file and that nobody can empty, until the scope ends. */
async function makeStuck(scope: Scope, path: string): Promise<void> {
  await mkdir(path, { recursive: true });
  await writeFile(join(path, "data"), "left over");
  if (process.getuid?.() !== 0) {
    await chmod(path, 0o500);
    scope.defer(() => chmod(path, 0o700));
    return;
  }
  // Modes do not bind root.
  await run(["chattr", "+i", path]);
  scope.defer(async () => void (await run(["chattr", "-i", path])));
}

test("folders that cannot be removed do not block the cleanup of later ones", async () => {
  await using scope = new Scope();
  const data = join(tempFolder(scope, "stuck"), "data");
  const env = {
    BREADBOX_STORAGE_CLEANUP_INTERVAL: "1s",
    BREADBOX_STORAGE_UPLOAD_TIMEOUT: "1s",
    BREADBOX_JOBS_CLEANUP_SWEEP_INTERVAL_SECONDS: "1",
    BREADBOX_JOBS_CLEANUP_MAX_UPLOADS_PER_SWEEP: "1",
  };
  const first = await startBreadbox(scope, { data, env });
  await first.stop();
  const [multipart, uploads, discarded] = ["tmp/multipart", "uploads", "tmp/discarded"].map((it) =>
    join(data, it),
  ) as [string, string, string];
  const idOf = (number: number): string => `0190a0a0-0000-7000-8000-00000000000${number}`;
  for (const number of [1, 2, 3]) {
    for (const folder of [multipart, uploads, discarded]) {
      if (number === 1) await makeStuck(scope, join(folder, idOf(number)));
      else await mkdir(join(folder, idOf(number)), { recursive: true });
    }
  }

  const second = await startBreadbox(scope, { data, env });
  const left = () => [multipart, uploads, discarded].flatMap((folder) => readdirSync(folder));
  await waitFor("the end of all others", () => left().every((name) => name.startsWith(idOf(1))), {
    explain: () => `${left().join(" ")}\n${second.logs()}`,
  });
  const isTold = () => second.logs().includes('"event":"undeleted"');
  await waitFor("a word about it", isTold, { explain: second.logs });
  await second.stop();

  expect(existsSync(join(discarded, idOf(1), "data"))).toBe(true);
  expect(second.logs()).toContain("could not be deleted, the next cleanup tries again");
  expect(second.logs()).not.toContain("maintenance failed");
});
