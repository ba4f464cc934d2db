// Commands that root runs while a server of another user works: nothing below the data directory becomes root's.
import { expect } from "bun:test";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  truncateSync,
} from "node:fs";
import { join } from "node:path";
import { breadboxBinary } from "../support/binary.ts";
import { clientTest } from "../support/clientTest.ts";
import { storedFiles } from "../support/dataFolder.ts";
import { buildImage, pushImage } from "../support/images.ts";
import {
  answers200,
  freePort,
  run,
  startProcess,
  tempFolder,
  waitFor,
} from "../support/processes.ts";
import type { Scope } from "../support/scope.ts";

/** A user without a name, as containers have them. */
const user = 54_321;
const asUser = ["setpriv", "--reuid", `${user}`, "--regid", `${user}`, "--clear-groups"];
const needs = { commands: ["setpriv"], root: true };
const env = { BREADBOX_GC_MIN_AGE: "0", BREADBOX_GC_BRAKE: "0" };

const image = buildImage({ seed: "root", layerSizes: [9_000] });
const [config, layer] = image.blobs;
if (config === undefined || layer === undefined) throw new Error("the image has no layer");

/** A server of the user, with an image, an object, garbage, an open upload, and a damaged layer. */
async function openRoom(scope: Scope) {
  const folder = tempFolder(scope, "root");
  const [binary, data] = [join(folder, "breadbox"), join(folder, "data")];
  chmodSync(folder, 0o755);
  copyFileSync(await breadboxBinary(), binary);
  chmodSync(binary, 0o755);
  mkdirSync(data, { mode: 0o700 });
  chownSync(data, user, user);
  const port = freePort();
  const command = [...asUser, binary, "serve", "--data", data, "--listen", `127.0.0.1:${port}`];
  const server = startProcess(scope, command, { log: join(folder, "log"), cwd: "/", env });
  const url = `http://127.0.0.1:${port}`;
  await waitFor("the server", () => answers200(`${url}/readyz`), { explain: server.logs });
  await pushImage(`${url}/v2/team/app`, "1", image);
  const garbage = buildImage({ seed: "garbage", layerSizes: [8_000] });
  await pushImage(`${url}/v2/team/app`, "2", garbage);
  const removed = await fetch(`${url}/v2/team/app/manifests/${garbage.manifest.digest}`, {
    method: "DELETE",
  });
  expect(removed.status).toBe(202);
  const started = await fetch(`${url}/v2/team/app/blobs/uploads/`, { method: "POST" });
  const location = new URL(started.headers.get("location") ?? "", url);
  expect((await fetch(location, { method: "PATCH", body: "part" })).status).toBe(202);
  return {
    ...{ data, server, url },
    /** @param behind what it is run with; nothing: as root. */
    breadbox: (args: readonly string[], behind: readonly string[] = []) =>
      run([...behind, binary, ...args, "--data", data], { cwd: "/", env, mayFail: true }),
    async damage({ digest }: { readonly digest: string }) {
      const files = await storedFiles(data);
      const file = files.find((name) => name.includes(digest.slice("sha256:".length)));
      truncateSync(join(data, "blobs", file ?? "no such file"), 5);
    },
  };
}

/** Whatever is not the user's below a folder, itself included. */
function foreign(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return ["", ...names].filter((name) => {
    const { uid, gid } = lstatSync(join(folder, name));
    return uid !== user || gid !== user;
  });
}

clientTest(
  "after root's commands beside a server of another user, everything is that user's",
  needs,
  async (scope) => {
    const { data, breadbox, damage } = await openRoom(scope);
    await damage(layer);

    const repaired = await breadbox(["fsck", "--full", "--repair"]);
    expect([repaired.code, repaired.stdout]).toEqual([1, expect.stringContaining("was set aside")]);
    expect((await breadbox(["gc", "--yes"])).output).toContain("Deleted");
    expect((await breadbox(["uploads", "rm", "--all", "--yes"])).code).toBe(0);
    for (const args of [
      ["uploads", "ls"],
      ["why", "00000000"],
      ["gc", "--dry-run"],
    ])
      await breadbox(args);

    expect(foreign(data)).toEqual([]);
    expect(readdirSync(data)).toContain("damaged");
    // As the server's own checks do, in the folder that root's command has made.
    await damage(config);
    const again = await breadbox(["fsck", "--full", "--repair"], asUser);
    expect([again.code, again.stdout]).toEqual([
      1,
      expect.stringContaining("2 blobs to be pushed again"),
    ]);
    expect(await storedFiles(data)).toEqual([]);
  },
);

clientTest(
  "root's commands on the directory of a stopped server leave it to that user",
  needs,
  async (scope) => {
    const { data, breadbox, server, damage } = await openRoom(scope);
    await server.stop();
    await damage(layer);

    expect((await breadbox(["fsck", "--repair"])).code).toBe(1);
    expect((await breadbox(["gc", "--yes"])).code).toBe(0);

    expect(foreign(data)).toEqual([]);
    expect((await breadbox(["fsck", "--full"], asUser)).output).not.toContain(
      "could not be checked",
    );
  },
);

clientTest("root's commands on root's own data directory stay root's", needs, async (scope) => {
  const { data, breadbox, server, damage } = await openRoom(scope);
  await server.stop();
  await run(["chown", "--recursive", "0:0", join(data, "breadbox.db"), join(data, "blobs")]);
  await damage(layer);

  expect((await breadbox(["fsck", "--repair"])).stdout).toContain("was set aside");
  expect(lstatSync(join(data, "damaged")).uid).toBe(0);
});
