// `breadbox bucket get`: a file appears when it is whole and right, and what arrived of it is not fetched twice.
import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseDigest } from "../../src/model/digest.ts";
import type { TestRegistry } from "../http/support/registry.ts";
import { openCutProxy } from "../support/cutProxy.ts";
import { Scope } from "../support/scope.ts";
import { noise } from "../support/store.ts";
import { digestOf, kibibyte, mebibyte, openBucketRoom } from "./bucketRoom.ts";

async function store(url: string, name: string, body: Uint8Array<ArrayBuffer>): Promise<void> {
  const answer = await fetch(`${url}/v1/buckets/box/objects/${name}`, { method: "PUT", body });
  expect(answer.ok).toBe(true);
}

/** Statuses of answers to GET of an object. */
const gets = ({ lines }: TestRegistry): unknown[] =>
  lines.filter(({ operation }) => operation === "getObject").map(({ status }) => status);

describe("breadbox bucket get", () => {
  test("writes a file of the object's name, in this folder or in another one", async () => {
    await using scope = new Scope();
    const { room, registry } = await openBucketRoom(scope);
    const bytes = noise(3 * mebibyte);
    await store(registry.url, "deep/disk.img", bytes);
    mkdirSync(room.path("folder"));

    const { out } = await room.bucket("get", "box/deep/disk.img");
    expect(out).toBe(`Got box/deep/disk.img as disk.img (3.1 MB)\n${digestOf(bytes)}\n`);
    const named = await room.json("get", "box/deep/disk.img", "other");
    expect(named).toEqual({
      bucket: "box",
      object: "deep/disk.img",
      file: "other",
      size_bytes: 3 * mebibyte,
      digest: digestOf(bytes),
    });
    expect((await room.json("get", "box/deep/disk.img", "folder")).file).toBe("folder/disk.img");
    for (const name of ["disk.img", "other", "folder/disk.img"]) {
      expect(digestOf(await room.read(name))).toBe(digestOf(bytes));
    }
    expect(readdirSync(room.folder).sort()).toEqual(["disk.img", "folder", "other"]);
  });

  test("replaces a file that exists with --force only", async () => {
    await using scope = new Scope();
    const { room, registry } = await openBucketRoom(scope);
    await store(registry.url, "file", noise(10));
    await room.write("file", new TextEncoder().encode("mine"));

    const { err, code } = await room.bucket("get", "box/file");
    expect([code, err]).toEqual([
      ...[1, "file exists: name another file, or add --force to replace it.\n"],
    ]);
    expect(new TextDecoder().decode(await room.read("file"))).toBe("mine");

    expect((await room.bucket("get", "box/file", "--force")).code).toBe(0);
    expect((await room.read("file")).byteLength).toBe(10);
  });

  test("resumes a file that an earlier attempt left incomplete", async () => {
    await using scope = new Scope();
    const { room, registry } = await openBucketRoom(scope, { logLevel: "debug" });
    const bytes = noise(mebibyte);
    await store(registry.url, "file", bytes);
    await room.write("file.part", bytes.subarray(0, 700_000));

    const { err, code } = await room.bucket("get", "box/file");

    expect(err).toBe("resuming: 700 KB are there\n");
    expect(code).toBe(0);
    expect(gets(registry)).toEqual([206]);
    expect(digestOf(await room.read("file"))).toBe(digestOf(bytes));
    expect(existsSync(room.path("file.part"))).toBe(false);
  });

  test.each([
    ["of something else", noise(700_000)],
    ["longer than the object", noise(2 * mebibyte)],
    ["as long as the object", noise(mebibyte)],
  ])("starts again when the partial file is %s", async (_, left) => {
    await using scope = new Scope();
    const { room, registry } = await openBucketRoom(scope);
    const bytes = noise(mebibyte);
    await store(registry.url, "file", bytes);
    await room.write("file.part", left);

    const { err, code } = await room.bucket("get", "box/file");

    expect(err).toEndWith(
      "The partial file belongs to another version of the object: getting all of it\n",
    );
    expect(code).toBe(0);
    expect(digestOf(await room.read("file"))).toBe(digestOf(bytes));
  });

  test("sends no request for bytes when the file is complete", async () => {
    await using scope = new Scope();
    const { room, registry } = await openBucketRoom(scope, { logLevel: "debug" });
    const bytes = noise(mebibyte);
    await store(registry.url, "file", bytes);
    await room.write("file.part", bytes);

    expect((await room.bucket("get", "box/file")).code).toBe(0);
    expect(gets(registry)).toEqual([]);
    expect(digestOf(await room.read("file"))).toBe(digestOf(bytes));
  });

  test.each([["file"], ["-"]])("a line that breaks costs what was on it: %s", async (place) => {
    await using scope = new Scope();
    const { room, registry } = await openBucketRoom(scope);
    const bytes = noise(8 * mebibyte);
    await store(registry.url, "file", bytes);
    const port = Number(new URL(registry.url).port);
    const cuts = { port, seed: `get ${place}`, everyBytes: 1_200 * kibibyte, mostCuts: 5 };
    const proxy = await openCutProxy(scope, cuts);
    room.url = `http://${proxy.host}`;
    const copy = Bun.spawn(
      [
        process.execPath,
        join(import.meta.dir, "../../src/main.ts"),
        "bucket",
        "get",
        "box/file",
        place,
      ],
      { cwd: room.folder, env: { BREADBOX_SERVER: room.url }, stdin: "ignore", stderr: "ignore" },
    );
    const out = await new Response(copy.stdout).bytes();

    expect(await copy.exited).toBe(0);
    expect(digestOf(place === "-" ? out : await room.read("file"))).toBe(digestOf(bytes));
    expect(proxy.cuts()).toBe(5);
    // Each one after the first asks for less.
    expect(proxy.requests.length).toBeLessThanOrEqual(8);
  });

  test("leaves no file when the received bytes do not match the digest", async () => {
    await using scope = new Scope();
    const { room, registry } = await openBucketRoom(scope);
    const bytes = noise(mebibyte);
    await store(registry.url, "file", bytes);
    const { locator } = (await registry.store.rooms.metadata.contents.findContent(
      parseDigest(digestOf(bytes)),
    )) ?? { locator: "" };
    writeFileSync(join(registry.store.directory, "blobs", locator), noise(mebibyte));

    const { err, code } = await room.bucket("get", "box/file");

    expect(err).toStartWith("The received bytes do not match the digest");
    expect(code).toBe(1);
    expect(readdirSync(room.folder)).toEqual([]);
    const piped = await room.bucket("get", "box/file", "-");
    expect(piped.code).toBe(1);
  });

  test.each([
    [["box/none"], "No such object in this bucket.\n"],
    [["none/file"], "There is no such bucket."],
    [
      ["box/file", "no/such/folder/file"],
      "no/such/folder/file cannot be written: its folder does not exist; make it first.",
    ],
  ])("%p is refused and leaves no file", async (args, message) => {
    await using scope = new Scope();
    const { room, registry } = await openBucketRoom(scope);
    await store(registry.url, "file", noise(10));

    const { err, code } = await room.bucket("get", ...args);

    expect(err).toStartWith(message);
    expect(code).toBe(1);
    expect(readdirSync(room.folder)).toEqual([]);
  });
});
