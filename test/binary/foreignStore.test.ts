// Data directories of other registries, on the executable: they are not served as empty ones, and nothing is written into them.
import { describe, expect, test } from "bun:test";
import { mkdir, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { breadboxBinary, startBreadbox } from "../support/binary.ts";
import { run, tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

const root = "docker/registry/v2";
const blob = `blobs/sha256/ab/${"ab".repeat(32)}/data`;
const link = "repositories/team/app/_manifests/tags/latest/current/link";

async function folderOf(scope: Scope, files: readonly string[]): Promise<string> {
  const folder = tempFolder(scope, "foreign");
  for (const file of files) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await Bun.write(join(folder, file), "{}");
  }
  return folder;
}

const everythingIn = async (folder: string) =>
  (await readdir(folder, { recursive: true })).map(String).sort();

describe("breadbox serve", () => {
  test.each<[what: string, files: string[], data: string, says: string]>([
    ["distribution's root", [`${root}/${blob}`, `${root}/${link}`], "", "registry:2"],
    ["the folder above it, as Harbor has it", [`registry/${root}/${link}`], "", "Harbor"],
    ["its folder docker", [`${root}/${link}`], "docker", "distribution"],
    ["its folder docker/registry", [`${root}/${blob}`, `${root}/${link}`], "docker/registry", "2"],
    ["its folder v2", [`${root}/${blob}`, `${root}/${link}`], root, "distribution"],
    ["zot's", ["cache.db", "team/app/oci-layout", "team/app/index.json"], "", "zot"],
    ["an image layout", ["oci-layout", "index.json", "blobs/sha256/ab"], "", "OCI image layout"],
  ])("refuses %s, explains how to migrate, and writes nothing", async (_, files, data, says) => {
    await using scope = new Scope();
    const folder = await folderOf(scope, files);
    const before = await everythingIn(folder);

    const args = ["serve", "--data", join(folder, data), "--listen", "127.0.0.1:0"];
    const { code, output } = await run([await breadboxBinary(), ...args], {
      mayFail: true,
      timeoutMs: 10_000,
    });

    expect(code).toBe(1);
    expect(output).toContain("holds images of another registry");
    expect(output).toContain(says);
    expect(output).toContain(`breadbox import ${join(folder, data)} --data`);
    expect(await everythingIn(folder)).toEqual(before);
  });

  test("serves a directory that also holds other people's files", async () => {
    await using scope = new Scope();
    const data = await folderOf(scope, ["notes/today.txt", "docker/compose.yml"]);
    const first = await startBreadbox(scope, { data });
    await first.stop();

    await mkdir(join(data, "docker/registry/v2"), { recursive: true });
    const again = await startBreadbox(scope, { data });

    expect((await fetch(`${again.url}/v2/`)).status).toBe(200);
  });
});
