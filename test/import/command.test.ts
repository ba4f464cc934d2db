// `breadbox import` as people run it: into a new directory, into a served one, cut short, on a terminal.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { breadbox, main } from "../cli/command.ts";
import { runOnTerminal } from "../cli/commandOnTerminal.ts";
import { startBreadbox } from "../support/binary.ts";
import { buildImage, pullAll } from "../support/images.ts";
import { inventory, OldRegistry } from "../support/oldRegistry.ts";
import { startProcess, tempFolder, waitFor } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

let scope: Scope;
let folder: string;
let data: string;
let old: OldRegistry;
const app = buildImage({ seed: "command/app", layerSizes: [100_000, 10] });

beforeEach(() => {
  scope = new Scope();
  folder = tempFolder(scope, "import");
  data = join(folder, "data");
  old = new OldRegistry(join(folder, "old"));
});
afterEach(() => scope[Symbol.asyncDispose]());

const importOld = (...more: string[]) => breadbox(["import", old.root, "--data", data, ...more]);

describe("breadbox import", () => {
  test("tells what it would do and creates nothing, then does it", async () => {
    old.push("app", app, "1.0", "latest");
    const before = await inventory(old.root);

    const dry = await importOld("--dry-run");
    const dataWasMade = existsSync(data);
    const real = await importOld();
    const again = await importOld("--json");

    expect(dry.code).toBe(0);
    expect(dry.out).toContain("A dry run: this would be imported");
    expect(dataWasMade).toBe(false);
    expect({ ...real, out: real.out.replaceAll(/\d+ KB/g, "N KB") }).toEqual({
      out: [
        `Imported from the registry directory ${old.root}/docker/registry/v2:`,
        "  1 repository, 2 tags, 1 manifest",
        "  3 blobs, N KB: shared with the source by link, without copying",
        "",
      ].join("\n"),
      err: "",
      code: 0,
    });
    expect(JSON.parse(again.out)).toMatchObject({
      ...{ dry_run: false, problems: [], tags: { imported: 0, here: 2 } },
      manifests: { imported: 0, here: 1 },
    });
    expect(await inventory(old.root)).toEqual(before);
    const checked = await breadbox(["fsck", "--data", data, "--full"]);
    expect(checked.code).toBe(0);
  });

  test("while a server is running: it serves the images at once", async () => {
    old.push("lab/app", app, "1.0");
    const server = await startBreadbox(scope, { data });

    const { code } = await importOld();

    expect(code).toBe(0);
    const { digest } = await pullAll(`${server.url}/v2/lab/app`, "1.0");
    expect(digest).toBe(app.manifest.digest);
  });

  test("takes a directory over where it is", async () => {
    old.push("app", app, "1.0");
    data = old.root;

    expect((await importOld()).code).toBe(0);
    const server = await startBreadbox(scope, { data });
    expect((await pullAll(`${server.url}/v2/app`, "1.0")).digest).toBe(app.manifest.digest);
  });

  test("killed at any moment, goes on when it is run again", async () => {
    const images = Array.from({ length: 300 }, (_, number) =>
      buildImage({ seed: `command/${number}`, layerSizes: [1000] }),
    );
    for (const [number, image] of images.entries())
      old.push(`lab/${number % 7}`, image, `v${number}`);
    const args = [process.execPath, main, "import", old.root, "--data", data];
    for (let round = 0; round < 3; round += 1) {
      const command = startProcess(scope, args, { log: join(folder, `log${round}`) });
      await waitFor("rows", () => existsSync(join(data, "breadbox.db")) || command.hasExited());
      await Bun.sleep(round * 60);
      await command.kill9();
    }

    const last = await importOld("--json");

    expect(last.code).toBe(0);
    const { tags, manifests } = JSON.parse(last.out);
    expect(tags.imported + tags.here).toBe(300);
    expect(manifests.imported + manifests.here).toBe(300);
    const checked = await breadbox(["fsck", "--data", data, "--full"]);
    expect(checked.out).toContain("300 manifests");
    expect(checked.code).toBe(0);
  });

  test("on a terminal shows how far it is, and leaves only the account", async () => {
    for (let number = 0; number < 40; number += 1) {
      old.push("lab/app", buildImage({ seed: `bar/${number}`, layerSizes: [1000] }), `v${number}`);
    }

    const command = runOnTerminal(["import", old.root, "--data", data], { env: {} });

    expect(await command.ended()).toBe(0);
    expect(command.shown()).toMatch(/1 of 1 lab\/app: \w+ {2}\[=*>? *\]/);
    expect(command.shown()).toContain("1 repository, 40 tags, 40 manifests");
  });

  test("names what it could not import, and fails", async () => {
    old.push("Upper", app, "1.0");
    await mkdir(join(folder, "empty"));

    const refused = await importOld();
    const empty = await breadbox(["import", join(folder, "empty"), "--data", data]);
    const half = await importOld("--username", "me");

    expect(refused.code).toBe(1);
    expect(refused.out).toContain("Upper: Breadbox takes no such name");
    expect(empty).toMatchObject({ code: 1, out: "" });
    expect(empty.err).toContain("is neither the directory of a registry");
    expect(half.code).toBe(2);
    expect(half.err).toContain("--username and --password-stdin need each other");
  });
});
