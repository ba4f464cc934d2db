// `breadbox backup` of a server whose clock is set and whose garbage is collected, with the backup's process stopped in its middle.
import { expect } from "bun:test";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { breadboxBinary, type RunningRegistry } from "../support/binary.ts";
import { clientTest } from "../support/clientTest.ts";
import { storedFiles } from "../support/dataFolder.ts";
import { fakeClock } from "../support/fakeClock.ts";
import { buildImage, expectStatus, pushImage } from "../support/images.ts";
import { problemsOf } from "../support/inspect.ts";
import { type RunningProcess, run, startProcess, tempFolder } from "../support/processes.ts";
import { type Scope, signal } from "../support/scope.ts";
import { startRegistry } from "../support/startRegistry.ts";

const needs = { commands: ["faketime"], timeoutMs: 240_000 };
/** So many contents that a backup takes a while, and small enough that it copies them one after the other. */
const image = buildImage({ seed: "frozen", layerSizes: Array.from({ length: 160 }, () => 30_000) });
/** A backup that was too fast for us is made anew, elsewhere. */
const attempts = 20;

/** A server with an image that is garbage a second after its deletion, and a clock to set. */
async function openServer(scope: Scope) {
  const clock = fakeClock(scope);
  const server = await startRegistry(scope, {
    env: { ...clock.env, BREADBOX_GC_MIN_AGE: "1s", BREADBOX_GC_ENABLED: "false" },
  });
  await pushImage(`${server.url}/v2/frozen/app`, "1", image);
  const command = (...given: readonly string[]) =>
    run([breadbox, ...given], { env: clock.env, timeoutMs: 60_000 });
  const breadbox = await breadboxBinary();
  return {
    ...{ clock, server, command },
    deleteImage: async () => {
      const url = `${server.url}/v2/frozen/app/manifests/${image.manifest.digest}`;
      await expectStatus(await fetch(url, { method: "DELETE" }), 202);
    },
    collect: () => command("gc", "--data", server.data, "--yes", "--min-age", "1s"),
  };
}

/** Begins a backup, and stops its process when the database is saved and most contents are not. */
async function freezeBackup(
  scope: Scope,
  { data }: RunningRegistry,
  env: Readonly<Record<string, string>>,
): Promise<{ readonly target: string; readonly backup: RunningProcess }> {
  const breadbox = await breadboxBinary();
  const folder = tempFolder(scope, "frozen");
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const target = join(folder, `target-${attempt}`);
    const given = ["backup", target, "--data", data, "--copy"];
    const backup = startProcess(scope, [breadbox, ...given], {
      ...{ env, log: join(folder, `log-${attempt}`) },
    });
    const content = join(target, "content");
    while (!existsSync(content) && !backup.hasExited()) await Bun.sleep(1);
    signal(backup.pid, "SIGSTOP");
    const copied = (await readdir(content, { recursive: true })).length;
    if (!backup.hasExited() && copied < image.blobs.length) return { target, backup };
    signal(backup.pid, "SIGCONT");
    await backup.exited;
  }
  throw new Error(`${attempts} backups were faster than this test`);
}

clientTest(
  "a backup that was begun while the clock was behind, and is frozen while it is set right and everything is collected, is whole",
  needs,
  async (scope) => {
    const { clock, server, command, deleteImage, collect } = await openServer(scope);
    clock.set("-1d");
    const { target, backup } = await freezeBackup(scope, server, clock.env);
    clock.set("+0");
    await deleteImage();
    await Bun.sleep(1_500);

    const collected = await collect();
    const during = await storedFiles(server.data);
    signal(backup.pid, "SIGCONT");
    const code = await backup.exited;
    const after = await collect();

    expect(collected.output).toContain("a backup is running");
    expect(during).toHaveLength(image.blobs.length);
    expect({ code, said: backup.logs() }).toMatchObject({ code: 0 });
    expect(after.output).not.toContain("a backup is running");
    expect(await storedFiles(server.data)).toEqual([]);
    const restored = join(tempFolder(scope, "restored"), "data");
    await command("restore", target, "--data", restored, "--verify");
    expect(await storedFiles(restored)).toHaveLength(image.blobs.length);
    expect(await problemsOf(restored)).toEqual([]);
  },
);

clientTest(
  "a backup that was killed keeps no file from the next collection",
  needs,
  async (scope) => {
    const { clock, server, deleteImage, collect } = await openServer(scope);
    const { backup } = await freezeBackup(scope, server, clock.env);
    await deleteImage();
    await Bun.sleep(1_500);
    await collect();
    expect(await storedFiles(server.data)).toHaveLength(image.blobs.length);

    await backup.kill9();
    await collect();

    expect(await storedFiles(server.data)).toEqual([]);
  },
);
