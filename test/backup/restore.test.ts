// Restores: into which directories, and from damaged backups.

import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { readFile, utimes } from "node:fs/promises";
import { join } from "node:path";
import { showTime } from "../../src/amounts.ts";
import { WriteLatch } from "../../src/durability/writeLatch.ts";
import { openSqlite } from "../../src/metadata/sqlite/open.ts";
import { clientTest } from "../support/clientTest.ts";
import { memoryFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { mountSmallDisk } from "../support/smallDisk.ts";
import { noise } from "../support/store.ts";
import { messageOf, objectsOf, openBox, spoil, verify } from "./room.ts";

const scope = new Scope();
afterAll(() => scope.close(), 60_000);

describe("a restore", () => {
  test("into a directory with anything in it is refused", async () => {
    const box = await openBox(scope, [12]);
    await box.backUp();
    const data = memoryFolder(scope, "full");
    writeFileSync(join(data, "letter.txt"), "dear");

    expect(await messageOf(box.restore(data))).toContain("is not empty (letter.txt)");
    expect(await messageOf(box.restore(box.store.directory))).toContain("is not empty");
  });

  test("of damaged bytes makes no store, and goes on once they are right", async () => {
    const box = await openBox(scope);
    await box.backUp();
    const copy = box.copyOf("box/70000.bin");
    const bytes = await readFile(copy);
    spoil(copy);
    const data = box.newData();

    expect(await messageOf(box.restore(data))).toMatch(
      /1 of its contents cannot be restored \(sha256:/,
    );
    expect(existsSync(join(data, "breadbox.db"))).toBe(false);
    const opening = openSqlite({
      ...{ directory: data, role: "server", clock: Date.now, newId: () => Bun.randomUUIDv7() },
      latch: new WriteLatch(() => {}),
    });
    expect(await messageOf(opening)).toContain("holds stored content but no database");
    writeFileSync(copy, bytes);
    await utimes(copy, 0, 0);
    await box.restore(data);

    expect(await objectsOf(data)).toEqual(box.contents);
  });

  test("of a damaged database is refused, and an earlier backup is named as the way out", async () => {
    const box = await openBox(scope, [12]);
    await box.backUp();
    const { id } = await box.backUp();
    truncateSync(join(box.target, "backups", id, "breadbox.db"), 8_192);

    expect(await messageOf(box.restore(box.newData()))).toContain("Choose another one (--as-of)");
    expect(await verify(box.target)).toMatchObject({
      backups: [
        { id, problems: [expect.stringMatching(/^breadbox.db: it has 8192 bytes/)] },
        { problems: [] },
      ],
    });
  });

  test("takes no older backup for one whose manifest is damaged, and any that is named", async () => {
    const box = await openBox(scope, [12]);
    const first = await box.backUp();
    const { id } = await box.backUp();
    writeFileSync(join(box.target, "backups", id, "backup.json"), "{");
    const data = box.newData();

    const said = await messageOf(box.restore(data));
    expect(said).toEndWith(`(backup.json) cannot be read. Choose another: --as-of ${first.id}`);
    expect(await messageOf(box.restore(data, { asOf: id }))).toBe(said);
    await box.restore(data, { asOf: first.id });

    expect(await objectsOf(data)).toEqual(box.contents);
  });

  test("of a time before the first backup says of when that is", async () => {
    const box = await openBox(scope, [12]);
    const { takenAt } = await box.backUp();

    expect(await messageOf(box.restore(box.newData(), { asOf: 1 }))).toEndWith(
      `has no backup of that time or before: the first is of ${showTime(takenAt)}`,
    );
  });
});

clientTest(
  "a restore onto a disk that becomes full says what to do, and goes on when there is room",
  { commands: ["mount", "umount"], root: true },
  async (inner) => {
    const box = await openBox(inner, [30_000_000]);
    await box.backUp();
    const disk = await mountSmallDisk(inner);
    const filler = join(disk, "filler");
    writeFileSync(filler, noise(45_000_000));
    const data = join(disk, "data");

    expect(await messageOf(box.restore(data))).toEndWith(
      "free some, and run the restore again; it goes on where it ended",
    );
    rmSync(filler);
    await box.restore(data);

    expect(await objectsOf(data)).toEqual(box.contents);
  },
);
