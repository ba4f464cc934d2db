// `breadbox gc` as people run it: beside a server and without one, its lines to the letter, its exit codes.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Scope } from "../support/scope.ts";
import { GcRoom } from "./gcRoom.ts";

const untimed = (out: string): string => out.replace(/^(Duration:) \d+s$/m, "$1 Ns");

describe("breadbox gc while the server is running", () => {
  const scope = new Scope();
  const room = new GcRoom(scope);
  beforeAll(() => room.startServer());
  afterAll(() => scope[Symbol.asyncDispose]());

  test("prints what it finds and deletes, and exits with 0", async () => {
    await room.pushImage("v1", ["layer"]);
    const orphan = await room.pushBlob("x".repeat(2500));

    const dry = await room.run("gc", "--dry-run");
    const real = await room.run("gc");
    const again = await room.run("gc");

    expect(dry).toEqual({
      out: [
        "Garbage Collection (dry run)",
        "Found 3 total blobs",
        "Found 2 referenced blobs",
        `  ${orphan}  2.5 KB`,
        "Would remove 1 link of repositories to blobs that none of their manifests uses",
        "Would delete 1 orphaned blobs",
        "Would reclaim 2.5 KB\n",
      ].join("\n"),
      err: "",
      code: 0,
    });
    expect({ ...real, out: untimed(real.out) }).toEqual({
      out: [
        "Garbage Collection",
        "Found 3 total blobs",
        "Found 2 referenced blobs",
        `  ${orphan}  2.5 KB`,
        "Removed 1 link of repositories to blobs that none of their manifests uses",
        "Deleted 1 orphaned blobs",
        "Reclaimed 2.5 KB",
        "Duration: Ns\n",
      ].join("\n"),
      err: "",
      code: 0,
    });
    expect(untimed(again.out).split("\n")).toEqual([
      "Garbage Collection",
      "Found 2 total blobs",
      "Found 2 referenced blobs",
      "Deleted 0 orphaned blobs",
      "Reclaimed 0 B",
      "Duration: Ns",
      "",
    ]);
  });

  test("lists fifty blobs, and all of them with --verbose", async () => {
    for (let each = 0; each < 52; each += 1) await room.pushBlob(`orphan ${each}`);

    const short = (await room.run("gc", "--dry-run")).out;
    const long = (await room.run("gc", "--dry-run", "--verbose")).out;

    expect(short.match(/^ {2}sha256:/gm)).toHaveLength(50);
    expect(short).toContain("\n  … and 2 more (--verbose lists them)\n");
    expect(long.match(/^ {2}sha256:/gm)).toHaveLength(52);
    expect(long).not.toContain("more");
  });

  test("prints what it keeps and the reasons", async () => {
    const { out } = await room.run("gc", "--dry-run", "--min-age", "1h");

    expect(out).toContain("Would delete 0 orphaned blobs\nWould reclaim 0 B\n");
    expect(out).toMatch(/^Kept 52 blobs \(\d+ B\): younger than 1h$/m);
    const short = await room.run("gc", "--dry-run", "--min-age", "90");
    expect(short.out).toMatch(/: younger than 90s$/m);
  });

  test("prints JSON", async () => {
    const { out, code } = await room.run("gc", "--json", "--yes");

    expect(JSON.parse(out)).toMatchObject({
      dry_run: false,
      state: "done",
      reason: null,
      orphaned_blobs: 52,
      deleted_blobs: 52,
      more_blobs: 2,
      blobs: expect.arrayContaining([{ digest: expect.any(String), size: 8 }]),
    });
    expect(code).toBe(0);
  });

  test('is recorded in the history with the trigger "command"', () => {
    const client = room.openDatabase();
    const runs = client.query("SELECT trigger, dry_run, state FROM gc_runs").values();
    client.close(true);

    expect(runs).toEqual([1, 2, 3].map(() => ["command", 0, "done"]));
  });
});

describe("breadbox gc", () => {
  test("works without a server", async () => {
    await using scope = new Scope();
    const room = new GcRoom(scope);
    await room.startServer();
    await room.pushBlob("orphan");
    await room.stopServer();

    const { out, code } = await room.run("gc");

    expect(out).toContain("\nDeleted 1 orphaned blobs\nReclaimed 6 B\n");
    expect(code).toBe(0);
  });

  test("keeps a blob that was just pushed", async () => {
    await using scope = new Scope();
    const room = new GcRoom(scope, "1h");
    await room.startServer();
    await room.pushBlob("pushed");

    const { out } = await room.run("gc", "--min-age", "0");

    const kept =
      /\nKept 1 blob \(6 B\) until 20.* UTC: recently pushed, mounted or requested, or part of a running push\n/;
    const [, note = ""] = out.split(kept);
    expect(note).toMatch(
      /^Note: --min-age does not apply to pushed blobs, which are kept for gc\.minAge: they can be deleted from 20.* UTC on, unless .*\n/,
    );
    expect(out).toContain("\nDeleted 0 orphaned blobs\n");
    const plain = await room.run("gc", "--dry-run");
    expect(plain.out.split(kept)[1]).toStartWith("Would delete 0 orphaned blobs\n");
  });

  test("deletes nothing, prints the reason and exits with 1 when the rows contradict each other", async () => {
    await using scope = new Scope();
    const room = new GcRoom(scope);
    await room.startServer();
    await room.pushBlob("orphan");
    const client = room.openDatabase();
    client.run("UPDATE contents SET locator = 'nowhere'");
    client.close(true);

    const { out, err, code } = await room.run("gc");

    expect([out, code]).toEqual(["", 1]);
    expect(err).toMatch(
      /^Garbage collection failed: the row of content sha256:[0-9a-f]{64} is damaged\nNothing was deleted\.\n$/,
    );
  });

  test("refuses to run twice at the same time", async () => {
    await using scope = new Scope();
    const room = new GcRoom(scope);
    await room.startServer();
    const client = room.openDatabase();
    client.run("INSERT INTO locks VALUES ('gc', 'another machine', 1, ?)", [Date.now() + 25_000]);
    client.close(true);

    const { err, code } = await room.run("gc");

    expect(err).toBe("Garbage collection refused: another garbage collection is running\n");
    expect(code).toBe(1);
  });

  test("refuses a malformed --min-age", async () => {
    await using scope = new Scope();
    const { err, code } = await new GcRoom(scope).run("gc", "--min-age", "soon");

    expect(err).toStartWith('error: --min-age: "soon" ');
    expect(code).toBe(2);
  });
});
