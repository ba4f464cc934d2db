// `breadbox bucket sync` and `bucket rm -r` as processes, against a registry in this process.
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir, rm, symlink } from "node:fs/promises";
import { planSync } from "../../src/cli/bucket/syncPlan.ts";
import { Scope } from "../support/scope.ts";
import { mebibyte, openBucketRoom } from "./bucketRoom.ts";

/** Names and sizes of what a bucket holds. */
async function objectsOf(url: string, prefix = ""): Promise<readonly string[]> {
  const answer = await fetch(`${url}/v1/buckets/box/objects?prefix=${prefix}`);
  const { objects } = JSON.parse(await answer.text());
  return objects.map(
    (each: { object: string; size_bytes: number }) => `${each.object} ${each.size_bytes}`,
  );
}

describe("sync", () => {
  test("sends only what differs, deletes after a plan, and comes back the same", async () => {
    await using scope = new Scope();
    const { registry, room } = await openBucketRoom(scope);
    const { url } = registry;
    await room.write("docs/a.txt", "one");
    await room.write("docs/deep/b.txt", "two");
    await room.write("docs/large.bin", new Uint8Array(17 * mebibyte));
    await room.write("docs/broken.part", "left by a download");
    await symlink(room.path("docs/a.txt"), room.path("docs/link"));

    const first = await room.bucket("sync", "./docs", "box/site");
    expect([first.err, first.code]).toEqual(["", 0]);
    expect(first.out).toBe("Copied 3 files (18 MB) to box/site/; 0 are the same.\n");
    expect(await objectsOf(url)).toEqual([
      ...["site/a.txt 3", "site/deep/b.txt 3", `site/large.bin ${17 * mebibyte}`],
    ]);

    // Of the same size: only its digest tells.
    await room.write("docs/a.txt", "neu");
    await rm(room.path("docs/deep"), { recursive: true });
    const second = await room.json("sync", "./docs", "box/site/");
    expect(second).toMatchObject({ same: 1, deleted: null, dry_run: false });
    expect(second.copied).toEqual([{ name: "a.txt", size: 3 }]);
    expect(second.extra).toEqual([{ name: "deep/b.txt", size: 3 }]);

    const plan = await room.bucket("sync", "./docs", "box/site", "--delete");
    expect(plan.out).toContain("- deep/b.txt");
    expect(plan.out).toContain("Nothing was done: to do it, add --yes.");
    expect(await objectsOf(url)).toHaveLength(3);
    const done = await room.bucket("sync", "./docs", "box/site", "--delete", "--yes");
    expect(done.out).toContain("Deleted 1 name in box/site/.");
    expect(await objectsOf(url)).toEqual(["site/a.txt 3", `site/large.bin ${17 * mebibyte}`]);

    const back = await room.bucket("sync", "box/site", "./copy");
    expect([back.err, back.code]).toEqual(["", 0]);
    expect(Buffer.from(await room.read("copy/a.txt")).toString()).toBe("neu");
    expect((await room.read("copy/large.bin")).length).toBe(17 * mebibyte);
    expect(existsSync(room.path("copy/large.bin.part"))).toBe(false);
    expect((await room.json("sync", "box/site", "./copy")).copied).toEqual([]);
  }, 120_000);

  test("deletes nothing when the source is empty, and nothing is guessed about directions", async () => {
    await using scope = new Scope();
    const { registry, room } = await openBucketRoom(scope);
    await mkdir(room.path("empty"));
    await fetch(`${registry.url}/v1/buckets/box/objects/a`, { method: "PUT", body: "x" });

    const wiped = await room.bucket("sync", "./empty", "box", "--delete", "--yes");
    expect([wiped.code, wiped.err]).toEqual([
      ...[1, "The source holds nothing: nothing was deleted. Is its name right?\n"],
    ]);
    expect(await objectsOf(registry.url)).toEqual(["a 1"]);
    const unclear = await room.bucket("sync", "empty", "box");
    expect(unclear.code).toBe(2);
    expect(unclear.err).toContain("one of the two has to be a folder");
    expect((await room.bucket("sync", "./none", "box")).err).toBe("There is no folder ./none.\n");
  }, 60_000);
});

describe("rm -r", () => {
  test("removes what is below a name, then a bucket with all of it", async () => {
    await using scope = new Scope();
    const { registry, room } = await openBucketRoom(scope);
    for (const name of ["a/1", "a/2", "ab", "c"]) {
      await fetch(`${registry.url}/v1/buckets/box/objects/${name}`, { method: "PUT", body: name });
    }

    const refused = await room.bucket("rm", "-r", "box/a");
    expect([refused.code, refused.err.includes("add --yes")]).toEqual([2, true]);
    const some = await room.bucket("rm", "-r", "box/a", "--yes");
    expect(some.out).toContain("Removed 2 objects (6 B) of box/a/.");
    expect(await objectsOf(registry.url)).toEqual(["ab 2", "c 1"]);
    const all = await room.bucket("rm", "--recursive", "box", "--yes");
    expect(all.out).toContain("2 objects (3 B) of box, and the bucket");
    expect((await fetch(`${registry.url}/v1/buckets/box`)).status).toBe(404);
  }, 60_000);
});

test("a plan asks for digests only where sizes are equal", async () => {
  const asked: string[] = [];
  const isSame = async ({ name }: { readonly name: string }): Promise<boolean> => {
    asked.push(name);
    return name === "same";
  };
  const local = [
    { name: "same", size: 1 },
    { name: "other", size: 1 },
    { name: "longer", size: 2 },
    { name: "new", size: 5 },
  ];
  const digest = "sha256:00";
  const remote = ["same", "other", "longer", "extra"].map((name) => ({ name, size: 1, digest }));

  const up = await planSync("up", local, remote, isSame);

  expect(up.transfers.map(({ name }) => name)).toEqual(["other", "longer", "new"]);
  expect(up.extra.map(({ name }) => name)).toEqual(["extra"]);
  expect([up.same, asked]).toEqual([1, ["same", "other"]]);
  const down = await planSync("down", local, remote, isSame);
  expect(down.transfers.map(({ name }) => name)).toEqual(["other", "longer", "extra"]);
  expect(down.extra.map(({ name }) => name)).toEqual(["new"]);
});
