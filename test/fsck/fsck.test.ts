// fsck against planted damage of stored content: found, told to whom it matters, taken out, and healed by the next push.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { cp, mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Finding } from "../../src/fsck/findings.ts";
import type { FsckReport } from "../../src/fsck/fsckRun.ts";
import { type Digest, digestOf } from "../../src/model/digest.ts";
import { parseRepositoryName } from "../../src/model/names.ts";
import { noise } from "../support/store.ts";
import {
  app,
  full,
  type InspectionRoom,
  kinds,
  openInspectionRoom,
  problems,
  quick,
  repair,
} from "./inspectionRoom.ts";

const layer = noise(3_000_000);
let room: InspectionRoom;
let digest: Digest;
beforeEach(async () => {
  room = await openInspectionRoom();
  await room.tag("1.0", [layer]);
  digest = digestOf(layer);
});
afterEach(() => room.remove());

const only = ({ judged }: FsckReport): Finding => {
  const [first, ...others] = judged.filter(({ severity }) => severity !== "notice");
  if (first === undefined || others.length > 0) throw new Error(JSON.stringify(judged));
  return first.finding;
};

describe("fsck of an undamaged store", () => {
  test("finds nothing and has checked everything", async () => {
    const report = await room.fsck(full);

    expect(report.judged).toEqual([]);
    expect(report.clean).toBeTrue();
    expect(report.checked).toEqual({
      contents: 2,
      bytes: layer.length + 14,
      manifests: 1,
      objects: 0,
      names: 2,
      sessions: 0,
      multipart: 0,
      hashed: layer.length + 14,
    });
  });

  test("reads no blob in a quick inspection", async () => {
    expect((await room.fsck(quick)).checked.hashed).toBe(0);
  });

  test("reports its progress up to the last byte", async () => {
    const seen: number[] = [];
    await room.fsck(full, ({ phase, done, total }) => {
      if (phase === "contents") seen.push(total - done);
    });

    expect(seen[0]).toBe(layer.length + 14);
    expect(seen.at(-1)).toBe(0);
    expect(seen.length).toBeGreaterThan(3);
  });
});

describe("fsck finds damaged content", () => {
  test("when one bit is flipped, and names the affected tags", async () => {
    await room.flip(digest, 2_999_999);

    const finding = only(await room.fsck(full));

    expect(finding).toMatchObject({ kind: "contentHashDiffers", content: { digest } });
    expect(finding).toMatchObject({
      holders: { repositories: [app], tags: [{ repository: app, name: "1.0" }], more: false },
    });
    expect((await room.fsck(quick)).clean).toBeTrue();
  });

  test("when a file is shorter or longer than its row says", async () => {
    await room.cut(digest, 7);
    expect(only(await room.fsck(quick))).toMatchObject({ kind: "contentSizeDiffers", found: 7 });

    await room.cut(digest, layer.length + 1);
    expect(only(await room.fsck(quick))).toMatchObject({
      kind: "contentSizeDiffers",
      found: layer.length + 1,
    });
  });

  test("when a file is missing", async () => {
    await room.lose(digest);

    expect(only(await room.fsck(quick))).toMatchObject({ kind: "contentMissing" });
  });

  test("when a folder or a link has replaced the file", async () => {
    const path = await room.path(digest);
    const copy = join(room.directory, "copy");
    await rename(path, copy);
    await mkdir(path);
    expect(only(await room.fsck(quick))).toMatchObject({ kind: "contentSizeDiffers", found: null });

    await rm(path, { recursive: true });
    await symlink(copy, path);
    expect(only(await room.fsck(full))).toMatchObject({ kind: "contentSizeDiffers", found: null });
  });

  test("when no manifest names it", async () => {
    const orphan = await room.push(noise(10));
    await room.flip(orphan);

    expect(only(await room.fsck(full))).toMatchObject({
      kind: "contentHashDiffers",
      holders: { repositories: [app], tags: [] },
    });
  });

  test("and changes nothing without --repair", async () => {
    await room.flip(digest);
    await room.fsck(full);

    expect(only(await room.fsck(full))).toMatchObject({ kind: "contentHashDiffers" });
    expect(existsSync(join(room.directory, "damaged"))).toBeFalse();
  });
});

describe("fsck --repair", () => {
  const damages: readonly [string, () => Promise<void>, keeps: boolean][] = [
    ["bytes that are wrong", () => room.flip(digest), true],
    ["a file that is too short", () => room.cut(digest, 1), true],
    ["a file that is gone", () => room.lose(digest), false],
  ];

  for (const [what, damage, keeps] of damages) {
    test(`removes ${what} from service, and the next push heals it`, async () => {
      const stored = await room.path(digest);
      await damage();

      const report = await room.fsck(repair);

      expect(report.judged.map(({ repaired }) => repaired)).toEqual([{ kind: "waits" }]);
      expect(report.clean).toBeFalse();
      expect(await room.pull(digest)).toBe("BLOB_UNKNOWN");
      expect(existsSync(stored)).toBeFalse();
      expect(existsSync(stored.replace("/blobs/", "/damaged/"))).toBe(keeps);

      await room.push(layer);

      expect(await room.pull(digest)).toEqual(layer);
      expect(problems(await room.fsck(full))).toEqual([]);
    });
  }

  test("lets one push heal every repository", async () => {
    const other = parseRepositoryName("team/other");
    await room.push(layer, other);
    await room.flip(digest);
    await room.fsck(repair);

    await room.push(layer, other);

    expect(await room.pull(digest)).toEqual(layer);
  });

  test("can be repeated: content that waits for a push is reported as such", async () => {
    await room.flip(digest);
    await room.fsck(repair);

    const again = await room.fsck(repair);

    expect(problems(again)).toEqual(["contentWaits"]);
    expect(again.judged.map(({ repaired }) => repaired)).toEqual([null, null]);
    expect(again.clean).toBeFalse();
    expect(kinds(again)).toEqual(["contentWaits", "setAside"]);
  });

  test("serves content again that was marked as damaged but is intact", async () => {
    const path = await room.path(digest);
    await room.lose(digest);
    await room.fsck(repair);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, layer);

    expect(problems(await room.fsck(quick))).toEqual(["contentInPlace"]);
    expect((await room.fsck(repair)).clean).toBeTrue();
    expect(await room.pull(digest)).toEqual(layer);
  });

  test("finishes what a crash left between marking and moving a file", async () => {
    await room.flip(digest);
    const { locator } = (await room.store.rooms.metadata.inspection.findContentRow(digest)) ?? {};
    if (locator === undefined) throw new Error("no row");
    await room.store.rooms.metadata.inspection.markDamaged({ digest, locator }, 1);

    const report = await room.fsck({ full: false, repair: true });

    expect(report.judged[0]).toMatchObject({
      finding: { kind: "contentInPlace" },
      repaired: { kind: "waits" },
    });
    expect(problems(await room.fsck(quick))).toEqual(["contentWaits"]);
  });

  test("does not report damaged content as waiting once no repository links it", async () => {
    const orphan = await room.push(noise(10));
    await room.flip(orphan);
    await room.fsck(repair);
    room.sql("DELETE FROM repository_contents WHERE digest = ?", orphan);

    expect((await room.fsck(quick)).clean).toBeTrue();
  });
});

describe("fsck of content that changes between two looks", () => {
  const once = (change: () => Promise<unknown>) => {
    let isDone = false;
    return async () => {
      if (isDone) return;
      isDone = true;
      await change();
    };
  };

  test("reports no damage when it was collected", async () => {
    const orphan = await room.push(noise(10));
    const path = await room.path(orphan);
    const collect = async () => {
      room.sql("DELETE FROM repository_contents WHERE digest = ?", orphan);
      room.sql("DELETE FROM contents WHERE digest = ?", orphan);
      await rm(path);
    };

    const report = await room.fsck(full, undefined, once(collect));

    expect(problems(report)).toEqual([]);
  });

  test("reports no damage when it was healed", async () => {
    await room.lose(digest);

    const report = await room.fsck(
      full,
      undefined,
      once(() => room.push(layer)),
    );

    expect(problems(report)).toEqual([]);
    expect(report.checked.hashed).toBe(layer.length + 14);
  });

  test("reports damage when the content pushed meanwhile is damaged as well", async () => {
    await room.lose(digest);
    const pushAndLose = async () => {
      await room.push(layer);
      await room.cut(digest, 5);
    };

    const report = await room.fsck(full, undefined, once(pushAndLose));

    expect(only(report)).toMatchObject({ kind: "contentSizeDiffers", found: 5 });
  });
});

describe("fsck of a folder that cannot be read", () => {
  test("reports it as unreadable and repairs nothing", async () => {
    const other = await room.push(noise(20_000));
    await room.flip(other);
    // A link that leads to itself: every look at what is behind it fails, and not because it is absent.
    const folder = dirname(await room.path(digest));
    await cp(folder, `${folder}-kept`, { recursive: true });
    await rm(folder, { recursive: true });
    await symlink(folder, folder);

    const report = await room.fsck(repair);

    expect(problems(report)).toContain("unchecked");
    expect(problems(report)).toContain("contentHashDiffers");
    expect(report.refusal).not.toBeNull();
    expect(report.judged.every(({ repaired }) => repaired === null)).toBeTrue();
    expect(report.clean).toBeFalse();
    expect(existsSync(join(room.directory, "damaged"))).toBeFalse();
    expect(await room.store.rooms.metadata.registry.findBlob(app, other)).not.toBeNull();
  });
});
