// Targets: which are refused, what is removed from them, and what a check of one finds.

import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { checkBackups, listBackups, runBackup } from "../../src/backingUp.ts";
import { clientTest } from "../support/clientTest.ts";
import { tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { mountSmallDisk } from "../support/smallDisk.ts";
import { noise } from "../support/store.ts";
import { filesBelow, list, messageOf, objectsOf, openBox, spoil, verify } from "./room.ts";

const scope = new Scope();
afterAll(() => scope.close(), 60_000);

describe("a target", () => {
  test("that another backup is using is refused", async () => {
    const box = await openBox(scope, [12]);
    let second = "";
    await box.backUp({
      onProgress: () => {
        second ||= "asked";
      },
    });
    const both = await Promise.all([box.backUp(), box.backUp()].map(messageOf));

    expect(both.filter((message) => message === "it went well").length).toBeGreaterThan(0);
    for (const message of both) {
      expect(message).toMatch(/it went well|another backup/);
    }
    expect(second).toBe("asked");
    expect(await verify(box.target)).toMatchObject({ damaged: [] });
  });

  test("that a link leads into the data directory is refused", async () => {
    const box = await openBox(scope, [12]);
    const link = join(box.folder, "link");
    symlinkSync(join(box.store.directory, "tmp"), link);

    expect(await messageOf(box.backUp({ target: join(link, "backups") }))).toContain(
      "is in the data directory",
    );
  });

  test("without a backup fails a check: its disk may not be mounted", async () => {
    const box = await openBox(scope, [12]);

    expect(await messageOf(verify(box.target))).toEndWith("has no backup");
  });

  test("with a damaged manifest takes new backups, and a check names it", async () => {
    const box = await openBox(scope, [12]);
    const { id } = await box.backUp();
    writeFileSync(join(box.target, "backups", id, "backup.json"), "{");

    const later = await box.backUp();

    expect(await list(box.target)).toEqual([later.id]);
    expect(await verify(box.target)).toMatchObject({
      backups: [
        { id, problems: [expect.stringContaining("cannot be read")] },
        { id: later.id, problems: [] },
      ],
    });
  });

  test("with backups of another store, or with other files, is not touched", async () => {
    const [box, other] = [await openBox(scope, [12]), await openBox(scope, [13])];
    await box.backUp();
    const before = filesBelow(box.target);

    expect(await messageOf(other.backUp({ target: box.target }))).toContain("of another store");
    expect(filesBelow(box.target)).toEqual(before);
    const home = tempFolder(scope, "home");
    writeFileSync(join(home, "letter.txt"), "dear");
    expect(await messageOf(box.backUp({ target: home }))).toContain(
      "other files in it (letter.txt)",
    );
    expect([...filesBelow(home).keys()]).toEqual(["letter.txt"]);
  });

  test("in the data directory is refused", async () => {
    const box = await openBox(scope, [12]);

    const target = join(box.store.directory, "backups");

    expect(await messageOf(box.backUp({ target }))).toContain("is in the data directory");
    expect(existsSync(target)).toBe(false);
  });

  test("of a store with PostgreSQL is refused, with what to back up instead and in which order", async () => {
    const target = join(tempFolder(scope, "postgres"), "target");
    const database = {
      ...{ url: "postgres://x@127.0.0.1:1/x", ca: "", pooled: false },
      ...{ connections: 1, statementTimeoutMs: 1 },
    };
    const order = { target, copies: true, keep: null, onProgress: () => {} };
    const { signal } = new AbortController();

    const refused = await messageOf(
      runBackup({ data: target, database, bucket: null }, { ...order, signal }),
    );

    expect(refused).toContain("the database with pg_dump first, then the folder blobs");
    expect(existsSync(target)).toBe(false);
  });

  test("that is a file is refused", async () => {
    const box = await openBox(scope, [12]);
    writeFileSync(join(box.folder, "file"), "");

    const refused = await messageOf(box.backUp({ target: join(box.folder, "file") }));

    expect(refused).toContain("is not a directory");
  });

  clientTest(
    "that is full leaves no backup; with more space the next one goes on",
    { commands: ["mount", "umount"], root: true },
    async (own) => {
      const box = await openBox(
        scope,
        Array.from({ length: 9 }, (_, place) => 2_000_000 + place),
      );
      const disk = await mountSmallDisk(own);
      writeFileSync(join(disk, "filler"), Buffer.alloc(55 * 2 ** 20));
      const target = join(disk, "target");

      expect(await messageOf(box.backUp({ target }))).toContain("there is no space left");
      expect(await list(target)).toEqual([]);
      await rm(join(disk, "filler"));
      const { added } = await box.backUp({ target });

      expect(added.contents).toBeLessThan(9);
      expect(await verify(target)).toMatchObject({ contents: 9, damaged: [] });
    },
  );

  clientTest(
    "that is read-only is refused with a sentence, and can be restored from",
    { commands: ["mount", "umount"], root: true },
    async (own) => {
      const box = await openBox(scope, [12]);
      const disk = await mountSmallDisk(own);
      const target = join(disk, "target");
      await box.backUp({ target });
      const mount = (option: string) => Bun.spawnSync(["mount", "-o", `remount,${option}`, disk]);
      mount("ro");
      try {
        expect(await messageOf(box.backUp({ target }))).toMatch(/read-only|readonly/);
        const data = box.newData();
        await box.restore(data, { target });
        expect(await objectsOf(data)).toEqual(box.contents);
      } finally {
        mount("rw");
      }
    },
  );
});

describe("pruning", () => {
  const day = 86_400_000;
  const keep = { days: 2, weeks: 0, months: 0 };

  /** A box with a backup a day, each with one object more, the one before it deleted. */
  async function boxOfDays(days: number) {
    const box = await openBox(scope, [12]);
    const start = Date.UTC(2026, 0, 5);
    for (let at = 0; at < days; at += 1) {
      await box.put("box/changing.bin", noise(1_000 + at));
      await box.backUpWith(() => ({ clock: () => start + at * day }));
    }
    return {
      box,
      next: () => box.backUpWith(() => ({ clock: () => start + days * day }), { keep }),
    };
  }

  test("removes backups that the rule does not keep; others can be restored", async () => {
    const { box, next } = await boxOfDays(4);
    const { pruned } = await next();

    expect(pruned).toMatchObject({
      refused: null,
      backups: expect.arrayContaining(["20260105T000000Z.1"]),
    });
    expect(await list(box.target)).toEqual(["20260109T000000Z.5", "20260108T000000Z.4"]);
    expect(await verify(box.target)).toMatchObject({
      damaged: [],
      backups: [{ problems: [] }, { problems: [] }],
    });
    const data = box.newData();
    await box.restore(data);
    expect(await objectsOf(data)).toEqual(box.contents);
  });

  test.each([
    [
      "a kept backup's list of contents is damaged",
      async (target: string, id: string) => spoil(join(target, "backups", id, "contents")),
      "the list of contents",
    ],
    [
      "a manifest cannot be read",
      async (target: string, id: string) =>
        writeFileSync(join(target, "backups", id, "backup.json"), "{"),
      "cannot be read",
    ],
    [
      "a manifest is of a newer version",
      async (target: string, id: string) =>
        writeFileSync(join(target, "backups", id, "backup.json"), '{"version":2}'),
      "newer Breadbox",
    ],
  ])("removes nothing when %s", async (_, damage, reason) => {
    const { box, next } = await boxOfDays(3);
    const [latest = ""] = await list(box.target);
    const before = [...filesBelow(join(box.target, "content")).keys()];
    await damage(box.target, latest);

    const outcome = await next().then(
      ({ pruned }) => pruned?.refused,
      (error: unknown) => String(error),
    );

    expect(outcome).toContain(reason);
    const after = new Set(filesBelow(join(box.target, "content")).keys());
    expect(before.filter((name) => !after.has(name))).toEqual([]);
  });

  test("removes nothing when a content that a kept backup names is missing", async () => {
    const { box, next } = await boxOfDays(3);
    const gone = box.copyOf("box/changing.bin");
    const digest = `sha256:${basename(gone)}`;
    await box.put("box/changing.bin", noise(9));
    unlinkSync(gone);
    // A collection has deleted it from the store meanwhile.
    const rows = new Database(join(box.store.directory, "breadbox.db"));
    rows.run("DELETE FROM contents WHERE digest = ?", [digest]);
    rows.close();

    const { pruned } = await next();

    expect(pruned?.refused).toContain("is missing");
    expect(await list(box.target)).toHaveLength(4);
  });
});

test("a check of a target names what is damaged and the backups that need it", async () => {
  const box = await openBox(scope);
  const { id } = await box.backUp();
  spoil(box.copyOf("box/70000.bin"));
  unlinkSync(box.copyOf("box/12.bin"));

  const { damaged } = await verify(box.target);

  expect(damaged.map(({ reason }) => reason).sort()).toEqual([
    "it is missing",
    expect.stringMatching(/^its bytes are sha256:/),
  ]);
  expect(damaged.flatMap(({ backups }) => backups)).toEqual([id, id]);
});

test("a check during which another process removes a backup tells nothing wrong of it", async () => {
  const box = await openBox(scope);
  await box.backUp();
  const { whole } = await listBackups({ target: box.target, copies: true });
  const [{ id, files } = { id: "", files: [] }] = whole;
  const ofFiles = files.reduce((sum, { size }) => sum + size, 0);
  let isRemoved = false;

  const report = await checkBackups({ target: box.target, copies: true }, ({ done }) => {
    if (isRemoved || done <= ofFiles) return;
    isRemoved = true;
    rmSync(join(box.target, "backups", id), { recursive: true });
    rmSync(join(box.target, "content"), { recursive: true });
  });

  expect(isRemoved).toBe(true);
  expect(report).toMatchObject({ backups: [], damaged: [] });
});
