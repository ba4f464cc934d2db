// What a person reads when the disk of the registry is full: our sentence, from every client, after a bounded number of attempts.
import { describe, expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type RunningRegistry, startBreadbox } from "../support/binary.ts";
import { randomBytes } from "../support/bytes.ts";
import { clientTest } from "../support/clientTest.ts";
import { openContainers, startContainerd } from "../support/containerTools.ts";
import { dockerCommands, startDockerd, writeBuildContext } from "../support/dockerd.ts";
import { readFolder } from "../support/files.ts";
import { crane } from "../support/goPrograms.ts";
import { goTool, goToolNeeds } from "../support/goTools.ts";
import { buildImage, writeLayout } from "../support/images.ts";
import { run, tempFolder } from "../support/processes.ts";
import type { Scope } from "../support/scope.ts";
import { mountSmallDisk } from "../support/smallDisk.ts";
import { tar } from "../support/tar.ts";

const mebibyte = 2 ** 20;
const sentence = "disk full: free space on the registry's disk, then try again";
/** A client waits longer and longer before it tries again. */
const disk = { commands: ["mount", "umount"], root: true, waits: true };

/** A registry on whose disk the image of these tests does not fit. */
async function startFull(scope: Scope): Promise<RunningRegistry> {
  const folder = await mountSmallDisk(scope);
  writeFileSync(join(folder, "filler"), Buffer.alloc(56 * mebibyte));
  return startBreadbox(scope, { data: join(folder, "data") });
}

/** Folder with an image in OCI layout. */
function layoutOf(scope: Scope, name = "v1"): string {
  const folder = tempFolder(scope, "layout");
  writeLayout(folder, name, buildImage({ seed: "full disk", layerSizes: [12 * mebibyte] }));
  return folder;
}

/** The same in one tar file. */
async function archiveOf(scope: Scope, name: string): Promise<string> {
  const file = join(tempFolder(scope, "archive"), "image.tar");
  await Bun.write(file, tar(readFolder(layoutOf(scope, name))));
  return file;
}

/** What the client says of its failure. @throws Error when it does not fail. */
async function complaint(push: Promise<unknown>): Promise<string> {
  const outcome = await push.then(
    () => null,
    (error: unknown) => error,
  );
  if (outcome === null) throw new Error("the push should have failed");
  return String(outcome);
}

describe("a push to a full disk fails, and shows that the disk is full:", () => {
  clientTest("skopeo", { ...disk, commands: ["skopeo", ...disk.commands] }, async (scope) => {
    const { host } = await startFull(scope);
    const { skopeo } = openContainers(scope);
    const to = ["--dest-tls-verify=false", `oci:${layoutOf(scope)}:v1`, `docker://${host}/app:v1`];
    expect(await complaint(skopeo("copy", ...to))).toContain(sentence);
  });

  clientTest("podman", { ...disk, commands: ["podman", ...disk.commands] }, async (scope) => {
    const { host } = await startFull(scope);
    const { podman } = openContainers(scope);
    await podman("load", "--input", await archiveOf(scope, "localhost/app:v1"));
    const image = (await podman("images", "--quiet")).stdout.trim();
    const pushed = podman("push", "--tls-verify=false", image, `docker://${host}/app:v1`);
    expect(await complaint(pushed)).toContain(sentence);
  });

  const craneNeeds = goToolNeeds(crane);
  const commands = [...craneNeeds.commands, ...disk.commands];
  clientTest("crane", { ...disk, ...craneNeeds, commands }, async (scope) => {
    const { host } = await startFull(scope);
    const env = { DOCKER_CONFIG: tempFolder(scope, "crane") };
    const push = [await goTool(crane), "push", layoutOf(scope), `${host}/app:v1`];
    expect(await complaint(run(push, { env }))).toContain(sentence);
  });

  // It tries five times, over 50 seconds.
  clientTest(
    "docker",
    { ...disk, commands: [...dockerCommands, ...disk.commands] },
    async (scope) => {
      const { host } = await startFull(scope);
      const { docker } = await startDockerd(scope);
      const context = tempFolder(scope, "context");
      writeBuildContext(context, new Map([["app", randomBytes("full disk", 12 * mebibyte)]]));
      await docker("build", "--tag", `${host}/app:v1`, context);
      expect(await complaint(docker("push", `${host}/app:v1`))).toContain(sentence);
    },
  );
});

clientTest(
  "ctr, which never reads why a blob is refused, gives up on a full disk with the status",
  { ...disk, commands: ["containerd", "ctr", ...disk.commands] },
  async (scope) => {
    const { host } = await startFull(scope);
    const ctr = await startContainerd(scope);
    const name = `${host}/app:v1`;
    await ctr("images", "import", "--snapshotter=native", await archiveOf(scope, name));
    expect(await complaint(ctr("images", "push", "--plain-http", name))).toContain("status: 413");
  },
);
