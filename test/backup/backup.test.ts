// Backups of a box, restored into new directories: what is in them, what is shared, and what happens when something is damaged.

import { afterAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Scope } from "../support/scope.ts";
import { noise } from "../support/store.ts";
import { filesBelow, list, messageOf, objectsOf, openBox, spoil, verify } from "./room.ts";

const scope = new Scope();
afterAll(() => scope.close(), 60_000);

describe("a backup", () => {
  test("is restored with every byte, under the same digests", async () => {
    const box = await openBox(scope);
    const report = await box.backUp();

    const data = box.newData();
    const restored = await box.restore(data);

    expect(report.lost).toEqual([]);
    expect(restored).toMatchObject({ id: report.id, contents: 3, lost: [] });
    expect(await objectsOf(data)).toEqual(box.contents);
  });

  test("has the files that the server needs, with their permissions", async () => {
    const box = await openBox(scope, [12]);
    mkdirSync(join(box.store.directory, "tls"), { mode: 0o700 });
    writeFileSync(join(box.store.directory, "tls", "ca.key"), "key", { mode: 0o600 });
    writeFileSync(join(box.store.directory, "tls", "ca.crt"), "certificate", { mode: 0o644 });
    chmodSync(join(box.store.directory, "tls", "ca.crt"), 0o644);
    await box.backUp();

    const data = box.newData();
    await box.restore(data);

    const found = filesBelow(data);
    expect([found.get("tls/ca.key"), found.get("tls/ca.crt")]).toEqual([0o600, 0o644]);
    expect(await readFile(join(data, "tls", "ca.key"), "utf8")).toBe("key");
    const inTarget = [...filesBelow(box.target)].filter(([, mode]) => (mode & 0o077) !== 0);
    expect(inTarget).toEqual([]);
  });

  test("brings what is new, and shares the rest with earlier ones", async () => {
    const box = await openBox(scope);
    const first = await box.backUp();
    await box.put("box/more.bin", noise(5_000));

    const second = await box.backUp();

    expect(first.added).toEqual({ contents: 3, bytes: 2_570_012 });
    expect(second.added).toEqual({ contents: 1, bytes: 5_000 });
    expect(second.contents).toBe(4);
    expect(await verify(box.target)).toMatchObject({ contents: 4, damaged: [] });
  });

  test("on the same file system shares files without copying them, unless it is told to copy", async () => {
    const box = await openBox(scope, [70_000]);

    const shared = await box.backUp({ copies: false });

    expect(shared.ways.link + shared.ways.clone).toBe(1);
    const other = join(box.folder, "other");
    const copied = await box.backUp({ target: other });
    expect(copied.ways).toEqual({ link: 0, clone: 0, copy: 1 });
    const path = await box.fileOf("box/70000.bin");
    if (shared.ways.link === 1)
      expect(statSync(box.copyOf("box/70000.bin")).ino).toBe(statSync(path).ino);
  });

  test("that shares files names a damaged one of the store, and does not take it", async () => {
    const box = await openBox(scope, [12, 70_000]);
    spoil(await box.fileOf("box/70000.bin"));

    const report = await box.backUp({ copies: false });

    expect(report.lost.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/^its bytes are sha256:/),
    ]);
    expect(existsSync(box.copyOf("box/70000.bin"))).toBe(false);
    expect(report.contents).toBe(1);
  });

  test("of a store with damaged contents keeps the good copies of earlier ones", async () => {
    const box = await openBox(scope);
    await box.backUp();
    for (const path of box.contents.keys()) spoil(await box.fileOf(path));

    const report = await box.backUp();

    expect(report.lost).toEqual([]);
    const data = box.newData();
    await box.restore(data);
    expect(await objectsOf(data)).toEqual(box.contents);
  });

  test.each([
    ["missing", unlinkSync, "its bytes are missing"],
    ["cut", (path: string) => truncateSync(path, 5), "it has 5 bytes instead of 70000"],
  ])("names a content whose file is %s, and has everything else", async (_, damage, reason) => {
    const box = await openBox(scope, [12, 70_000]);
    damage(await box.fileOf("box/70000.bin"));

    const report = await box.backUp({ keep: { days: 1, weeks: 0, months: 0 } });

    expect(report.lost.map((lost) => lost.reason)).toEqual([reason]);
    expect(report.pruned?.refused).toContain("lost");
    const data = box.newData();
    expect(await messageOf(box.restore(data))).toContain("1 of its contents cannot be restored");
    const restored = await box.restore(data, { acceptsDamage: true });
    expect(restored.contents).toBe(1);
  });

  test("that was stopped leaves no backup, and the next one goes on with what it brought", async () => {
    const box = await openBox(
      scope,
      Array.from({ length: 60 }, (_, place) => 20_000 + place),
    );
    const stop = new AbortController();

    const stopped = messageOf(
      box.backUp({
        signal: stop.signal,
        onProgress: ({ done }) => {
          if (done > 400_000) stop.abort();
        },
      }),
    );

    expect(await stopped).toContain("abort");
    expect(await list(box.target)).toEqual([]);
    const { added, contents } = await box.backUp();
    expect(contents).toBe(60);
    expect(added.contents).toBeGreaterThan(0);
    expect(added.contents).toBeLessThan(60);
  });

  test("leaves out open uploads: a restored box has none, and nothing to complain about", async () => {
    const box = await openBox(scope, [12]);
    const { bucket, id } = await box.objects.initiate("box/open.bin");
    await box.objects.putPart({ bucket, id }, 1, noise(10));
    await box.backUp();

    const data = box.newData();
    await box.restore(data);

    expect(await objectsOf(data)).toEqual(box.contents);
  });

  test("of a moment in the past is chosen by its time, or by its id", async () => {
    const box = await openBox(scope, [12]);
    const moments = [Date.UTC(2026, 0, 5), Date.UTC(2026, 0, 7)];
    const ids = [];
    for (const moment of moments) {
      const { id } = await box.backUpWith(() => ({ clock: () => moment }));
      ids.push(id);
      await box.put(`box/${moment}.bin`, noise(100));
    }

    const asOf = async (wanted: number | string | null) =>
      (await box.restore(box.newData(), { asOf: wanted })).id;

    expect(ids).toEqual(["20260105T000000Z.1", "20260107T000000Z.2"]);
    expect(await asOf(null)).toBe("20260107T000000Z.2");
    expect(await asOf(Date.UTC(2026, 0, 6))).toBe("20260105T000000Z.1");
    expect(await asOf("20260105T000000Z.1")).toBe("20260105T000000Z.1");
    expect(await messageOf(asOf(Date.UTC(2026, 0, 4)))).toContain("the first is of 2026-01-05");
  });
});
