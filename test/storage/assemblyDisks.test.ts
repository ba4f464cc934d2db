// Parts put together on disks of their own: one that is full, and file systems that can share blocks between files.
import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { digestOf } from "../../src/model/digest.ts";
import { clientTest } from "../support/clientTest.ts";
import { run, tempFolder, unmountUnder, waitFor } from "../support/processes.ts";
import type { Scope } from "../support/scope.ts";
import { noise } from "../support/store.ts";
import {
  allOf,
  failureOf,
  listOf,
  openAssemblies,
  type StagedUpload,
  together,
} from "./stagedUploads.ts";

const mebibyte = 2 ** 20;

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.size ?? 0;
}

/** Free bytes of the file system, as `df` tells them. */
async function freeOf(folder: string): Promise<number> {
  const { stdout } = await run(["df", "--output=avail", "-B1", folder]);
  return Number(stdout.split("\n")[1]);
}

async function openOnSmallDisk(scope: Scope) {
  const folder = tempFolder(scope, "disk");
  await run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder]);
  scope.defer(() => unmountUnder(folder));
  const store = await openAssemblies(scope, folder);
  const assembly = store.open();
  const upload = await store.start();
  const filler = join(folder, "filler");
  return { store, assembly, upload, filler };
}

const tmpfs = { commands: ["mount", "umount", "df"], root: true };

clientTest(
  "parts that do not fit twice are refused, the space is given back, and room that is made is used",
  tmpfs,
  async (scope) => {
    const { store, assembly, upload, filler } = await openOnSmallDisk(scope);
    for (let number = 1; number <= 7; number += 1) {
      await store.stage(upload, number, noise(4 * mebibyte));
    }
    await writeFile(filler, new Uint8Array(12 * mebibyte));
    const before = await freeOf(store.directory);

    const failure = await failureOf(assembly.complete(upload.id, listOf(upload)));

    expect(failure).toMatchObject({ situation: "DISK_FULL" });
    expect(await sizeOf(store.fileOf(upload, "whole"))).toBe(0);
    expect(await freeOf(store.directory)).toBeGreaterThanOrEqual(before);
    await rm(filler);
    const expected = together(upload, [1, 2, 3, 4, 5, 6, 7]);
    expect(await assembly.complete(upload.id, listOf(upload))).toEqual(expected);
    expect(store.trips).toEqual([]);
  },
);

clientTest(
  "in the background, parts that do not fit twice leave the space to further parts",
  tmpfs,
  async (scope) => {
    const { store, assembly, upload, filler } = await openOnSmallDisk(scope);
    for (let number = 1; number <= 4; number += 1) {
      const part = await store.stage(upload, number, noise(4 * mebibyte));
      assembly.partRecorded(upload.id, part, allOf(upload));
    }
    const whole = store.fileOf(upload, "whole");
    await waitFor("all parts stand", async () => (await sizeOf(whole)) === 16 * mebibyte);
    const room = (await freeOf(store.directory)) - 6 * mebibyte;
    await writeFile(filler, new Uint8Array(room));

    assembly.partRecorded(
      upload.id,
      await store.stage(upload, 5, noise(4 * mebibyte)),
      allOf(upload),
    );

    await waitFor("the space is given back", async () => (await sizeOf(whole)) === 0);
    assembly.partRecorded(
      upload.id,
      await store.stage(upload, 6, noise(4 * mebibyte)),
      allOf(upload),
    );
    expect(await freeOf(store.directory)).toBeGreaterThan(8 * mebibyte);
    await rm(filler);
    expect(await assembly.complete(upload.id, listOf(upload))).toEqual(
      together(upload, [1, 2, 3, 4, 5, 6]),
    );
  },
);

/** What it takes to mount a file with this file system, where the kernel has it not. */
function lackingFor(fileSystem: string): string | null {
  if (Bun.spawnSync(["losetup", "--find"]).exitCode !== 0) return "loop device";
  // Where it is a module, that is loaded first.
  if (Bun.which("modprobe") !== null) Bun.spawnSync(["modprobe", fileSystem], { stderr: "ignore" });
  return readFileSync("/proc/filesystems", "utf8").includes(`\t${fileSystem}\n`)
    ? null
    : fileSystem;
}

async function mountImage(scope: Scope, make: readonly string[]): Promise<string> {
  const folder = tempFolder(scope, "loop");
  const [image, disk] = [join(folder, "image"), join(folder, "disk")];
  await writeFile(image, "");
  await truncate(image, 512 * mebibyte);
  await run([...make, image]);
  await run(["mkdir", disk]);
  await run(["mount", "-o", "loop", image, disk]);
  scope.defer(() => unmountUnder(disk));
  return disk;
}

/** Blocks that the whole shares with its parts, as bytes; the file system tells. */
async function sharedBytes(path: string): Promise<number> {
  const { stdout } = await run(["filefrag", "-v", path]);
  const shared = stdout.split("\n").filter((line) => line.includes("shared"));
  const blocks = shared.map((line) => Number(line.split(":")[3]?.trim() ?? Number.NaN));
  return blocks.reduce((sum, count) => sum + count, 0) * 4096;
}

async function putTogether(scope: Scope, disk: string, sizes: readonly number[]) {
  const store = await openAssemblies(scope, disk);
  const assembly = store.open();
  const upload = await store.start();
  for (const [at, size] of sizes.entries()) await store.stage(upload, at + 1, noise(size));
  const numbers = sizes.map((_, at) => at + 1);
  const check = async (which: StagedUpload) => {
    const expected = together(which, numbers);
    expect(await assembly.complete(which.id, listOf(which))).toEqual(expected);
    expect(digestOf(await readFile(store.fileOf(which, "whole")))).toBe(expected.digest);
    return sharedBytes(store.fileOf(which, "whole"));
  };
  return { store, assembly, upload, check };
}

for (const [name, make] of [
  ["XFS", ["mkfs.xfs", "-q", "-f"]],
  ["btrfs", ["mkfs.btrfs", "-q", "-f"]],
] as const) {
  const needs = {
    timeoutMs: 60_000,
    commands: [make[0], "mount", "losetup", "filefrag"],
    root: true,
    kernelLacks: () => lackingFor(name.toLowerCase()),
  };

  clientTest(`on ${name}, parts of whole blocks take no space twice`, needs, async (scope) => {
    const disk = await mountImage(scope, make);
    const { store, upload, check } = await putTogether(scope, disk, [
      ...[8 * mebibyte, 70 * mebibyte, 4 * mebibyte, 3_000_001],
    ]);

    expect(await check(upload)).toBeGreaterThan(84 * mebibyte);

    await store.stage(upload, 2, noise(12 * mebibyte));
    expect(await check(upload)).toBeGreaterThan(26 * mebibyte);
  });

  clientTest(`on ${name}, what follows a part of odd size is written`, needs, async (scope) => {
    const disk = await mountImage(scope, make);
    const { store, upload, check } = await putTogether(scope, disk, [
      ...[8 * mebibyte, 3_000_001, 4 * mebibyte],
    ]);

    const shared = await check(upload);

    expect(shared).toBeGreaterThan(8 * mebibyte);
    expect(shared).toBeLessThan(12 * mebibyte);
    await truncate(store.fileOf(upload, "part-00002"), 4096);
    const again = await store.start();
    for (const number of [1, 2, 3]) await store.stage(again, number, noise(mebibyte));
    expect(await check(again)).toBe(3 * mebibyte);
  });

  clientTest(`on ${name}, a shared part that is damaged is named`, needs, async (scope) => {
    const disk = await mountImage(scope, make);
    const { store, assembly, upload, check } = await putTogether(scope, disk, [
      ...[mebibyte, 80 * mebibyte, mebibyte],
    ]);
    await truncate(store.fileOf(upload, "part-00002"), 79 * mebibyte);

    const failure = await failureOf(assembly.complete(upload.id, listOf(upload)));

    expect(failure).toMatchObject({ situation: "PART_DIFFERS", detail: { part_number: 2 } });
    await store.stage(upload, 2, noise(mebibyte));
    expect(await check(upload)).toBe(3 * mebibyte);
  });
}
