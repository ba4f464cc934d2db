// A bucket of another Breadbox as the target: what is sent, what is refused, what is removed, and what comes back.
import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { openTarget } from "../../src/backingUp.ts";
import { faultOf } from "../../src/backup/transfer.ts";
import { type Digest, digestOf } from "../../src/model/digest.ts";
import { Scope } from "../support/scope.ts";
import { noise } from "../support/store.ts";
import { openOtherBox, rights } from "./bucketRoom.ts";
import { list, messageOf, objectsOf, openBox, spoil, verify } from "./room.ts";

const scope = new Scope();
afterAll(() => scope.close(), 60_000);
const mebibyte = 1_048_576;
const day = 86_400_000;
const keep = { days: 2, weeks: 0, months: 0 };

/** What the other Breadbox has logged. */
const puts = (lines: readonly Readonly<Record<string, unknown>>[]): string[] =>
  lines.flatMap(({ operation, object }) =>
    operation === "putObject" && String(object).includes("content/") ? [String(object)] : [],
  );

describe("a backup in a bucket of another Breadbox", () => {
  test("is restored with every byte, contents in parts among them", async () => {
    const other = await openOtherBox(scope);
    const box = await openBox(scope, [0, 12, 70_000, 18 * mebibyte]);

    const report = await box.backUp({ target: other.url() });
    const data = box.newData();
    const restored = await box.restore(data, { target: other.url() });

    expect(report).toMatchObject({ lost: [], contents: 4, ways: { copy: 4 } });
    expect(restored).toMatchObject({ id: report.id, contents: 4, lost: [] });
    expect(await objectsOf(data)).toEqual(box.contents);
    expect(await verify(other.url())).toMatchObject({ contents: 4, damaged: [] });
    expect(existsSync(join(box.store.directory, "tmp", "backup"))).toBe(false);
  });

  test("sends what is new, and nothing that is there with its digest", async () => {
    const other = await openOtherBox(scope, rights.prune, { logLevel: "debug" });
    const box = await openBox(scope);
    const first = await box.backUp({ target: other.url() });
    await box.put("box/more.bin", noise(5_000));
    const before = puts(other.registry.lines).length;

    const second = await box.backUp({ target: other.url() });

    expect([first.added.contents, second.added]).toEqual([3, { contents: 1, bytes: 5_000 }]);
    expect(puts(other.registry.lines)).toHaveLength(before + 1);
    expect(await verify(other.url())).toMatchObject({ contents: 4, damaged: [] });
  });

  test("sends a content again whose name has other bytes there", async () => {
    const other = await openOtherBox(scope, [...rights.prune, "bucket:backups/**:overwrite"]);
    const box = await openBox(scope, [12, 70_000]);
    await box.backUp({ target: other.url() });
    const [name = ""] = await other.names("content/");
    await other.put(name, noise(9));

    expect((await verify(other.url())).damaged).toHaveLength(1);
    const { added } = await box.backUp({ target: other.url() });

    expect(added.contents).toBe(1);
    expect((await verify(other.url())).damaged).toEqual([]);
  });

  test("needs no right to delete or to replace anything but its lease, unless it removes older ones", async () => {
    const other = await openOtherBox(scope, rights.add);
    const box = await openBox(scope, [12]);
    await box.backUp({ target: other.url() });
    await box.put("box/13.bin", noise(13));

    const second = await box.backUp({ target: other.url() });
    const moments = [1, 2, 3].map((at) => Date.UTC(2026, 0, at));
    const refused = await messageOf(
      box
        .backUpWith(() => ({ clock: () => moments[2] ?? 0 }), {
          ...{ target: other.url(), keep: { days: 1, weeks: 0, months: 0 } },
        })
        .then(({ pruned }) => Promise.reject(pruned?.refused)),
    );

    expect(second.contents).toBe(2);
    expect(refused).toContain("forbids it (403");
    expect(await list(other.url())).toHaveLength(3);
  });

  test("is one of several below different prefixes", async () => {
    const other = await openOtherBox(scope);
    const [one, two] = [await openBox(scope, [12]), await openBox(scope, [13])];

    await one.backUp({ target: other.url("backups/one") });
    await two.backUp({ target: other.url("backups/two/nightly/") });
    const data = two.newData();
    await two.restore(data, { target: other.url("v1/buckets/backups/two/nightly") });

    expect(await objectsOf(data)).toEqual(two.contents);
    expect(await list(other.url("backups/one"))).toHaveLength(1);
  });

  test("names a damaged content of the store, and does not take it", async () => {
    const other = await openOtherBox(scope);
    const box = await openBox(scope, [12, 70_000, 17 * mebibyte]);
    for (const size of [70_000, 17 * mebibyte]) spoil(await box.fileOf(`box/${size}.bin`));

    const report = await box.backUp({ target: other.url() });

    expect(report.lost.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/^its bytes are sha256:/),
      expect.stringMatching(/^its bytes are sha256:/),
    ]);
    expect(await other.names("content/")).toHaveLength(1);
  });

  test("has contents with SHA-512 under their digests, and takes none with other bytes", async () => {
    const other = await openOtherBox(scope);
    const target = openTarget({ target: other.url(), copies: true });
    const bytes = noise(1_500_000);
    const source = (digest: Digest) => ({
      ...{ digest, size: bytes.byteLength, share: async () => null, onBytes: () => {} },
      open: async () => ({
        read: async (offset: number, into: Uint8Array) => {
          const some = bytes.subarray(offset, offset + into.byteLength);
          into.set(some);
          return some.byteLength;
        },
        close: async () => {},
      }),
    });
    const digest = digestOf(bytes, "sha512");

    const put = await target.putContent(source(digest));
    const refused = await target.putContent(source(digestOf(noise(3), "sha512")));

    expect([put, refused]).toEqual([
      { kind: "put", way: "copy" },
      { kind: "lost", reason: `its bytes are ${digest}` },
    ]);
    const file = await target.openContent(digest);
    expect(await faultOf(file, { digest, size: bytes.byteLength })).toBeNull();
    expect(await other.names("content/")).toEqual([
      `content/sha512/${digest.slice(7, 9)}/${digest.slice(7)}`,
    ]);
  });

  test("is pruned by the rule, with the contents that no kept one names", async () => {
    const other = await openOtherBox(scope);
    const box = await openBox(scope, [12]);
    const start = Date.UTC(2026, 0, 5);
    const backUpAt = (at: number, more = {}) =>
      box.backUpWith(() => ({ clock: () => start + at * day }), { target: other.url(), ...more });
    for (let at = 0; at < 4; at += 1) {
      await box.put("box/changing.bin", noise(1_000 + at));
      // A collection has deleted what the object was before.
      const rows = new Database(join(box.store.directory, "breadbox.db"));
      rows.run("DELETE FROM contents WHERE digest NOT IN (SELECT digest FROM objects)");
      rows.close();
      if (at < 3) await backUpAt(at);
    }

    const { pruned } = await backUpAt(3, { keep });

    expect(pruned).toMatchObject({ refused: null, contents: 2, bytes: 2_001 });
    expect(await list(other.url())).toEqual(["20260108T000000Z.4", "20260107T000000Z.3"]);
    expect(await other.names("content/")).toHaveLength(3);
    expect(await verify(other.url())).toMatchObject({ damaged: [] });
    const data = box.newData();
    await box.restore(data, { target: other.url() });
    expect(await objectsOf(data)).toEqual(box.contents);
  });
});

describe("a bucket", () => {
  test("of the same store is refused, whatever it is called, and nothing is left in it", async () => {
    const other = await openOtherBox(scope);
    const { store } = other.registry;
    const box = await openBox(scope, [12]);

    const refused = await messageOf(
      box.backUpWith((ports) => ({ ...ports, metadata: store.rooms.metadata }), {
        target: other.url(),
      }),
    );

    expect(refused).toContain("is a bucket of this store");
    expect(await other.names()).toEqual([]);
  });

  test("with backups of another store, or with other objects, is not touched", async () => {
    const other = await openOtherBox(scope);
    const [box, stranger] = [await openBox(scope, [12]), await openBox(scope, [13])];
    await box.backUp({ target: other.url() });
    const before = await other.names();

    expect(await messageOf(stranger.backUp({ target: other.url() }))).toContain("of another store");
    expect(await other.names()).toEqual(before);
    await other.put("home/letter.txt", noise(5));
    expect(await messageOf(box.backUp({ target: other.url("backups/home") }))).toContain(
      "other files in it (letter.txt)",
    );
    expect(await other.names("home/")).toEqual(["home/letter.txt"]);
  });

  test("that is not there, or a login that is wrong, is named with what to do, and no password", async () => {
    const other = await openOtherBox(scope);
    const box = await openBox(scope, [12]);
    const quick = { retryForMs: 0 };
    const wrong = other.url().replace(other.token, "bbx_wrong");

    const messages = await Promise.all([
      messageOf(box.backUp({ target: other.url("backupz"), ...quick })),
      messageOf(box.backUp({ target: wrong, ...quick })),
      messageOf(box.backUp({ target: other.url("backups", 1), ...quick })),
      messageOf(box.backUp({ target: `${other.url()}?x=1`, ...quick })),
      messageOf(box.backUp({ target: other.url("UPPER"), ...quick })),
      messageOf(box.backUp({ target: "s3://key:bbx_wrong@bucket", ...quick })),
    ]);

    expect(messages).toEqual([
      expect.stringMatching(/forbids it|there is no bucket backupz/),
      expect.stringContaining("does not take this login (401)"),
      expect.stringContaining("No Breadbox answers at http://127.0.0.1:1 "),
      expect.stringContaining("is not the URL of a bucket"),
      expect.stringContaining("names no bucket, or no valid one"),
      expect.stringContaining("is neither a directory nor an http:// or https:// URL"),
    ]);
    expect(messages.join("\n")).not.toContain(other.token);
    expect(messages.join("\n")).not.toContain("bbx_wrong");
  });
});
