// Contract of the history of backups, and of a database that is older than its data directory.
import { describe, expect, test } from "bun:test";
import { type BackupRun, rememberedBackups } from "../../src/metadata/backups.ts";
import type { Metadata } from "../../src/metadata/metadata.ts";
import { now } from "./metadataRows.ts";

const backup = (changes: Partial<BackupRun> = {}): BackupRun => ({
  ...{ id: Bun.randomUUIDv7(), trigger: "schedule", target: "/mnt/backups", state: "done" },
  ...{ startedAt: now, finishedAt: now + 5, contents: 3, bytes: 300, addedBytes: 100 },
  ...{ reason: null, ...changes },
});

/** Part of the suite. @param open returns an empty database. */
export function backupsContract(open: () => Promise<Metadata>): void {
  describe("the history of backups", () => {
    test("has the latest one, and when the latest complete one ended", async () => {
      const { backups } = await open();
      expect([await backups.lastBackup(), await backups.lastComplete()]).toEqual([null, null]);
      await backups.recordBackup(backup());
      await backups.recordBackup(backup({ state: "incomplete", finishedAt: now + 7 }));
      const failed = backup({ state: "failed", finishedAt: now + 9, reason: "the disk is full" });
      await backups.recordBackup(failed);

      expect(await backups.lastBackup()).toEqual(failed);
      expect(await backups.lastComplete()).toBe(now + 5);
    });

    test("has the complete one that was recorded last, whatever the clock said", async () => {
      const { backups } = await open();
      await backups.recordBackup(backup({ finishedAt: now + 5_000 }));
      expect(await backups.lastComplete()).toBe(now + 5_000);

      await backups.recordBackup(backup({ finishedAt: now + 5 }));

      expect(await backups.lastComplete()).toBe(now + 5);
    });

    test("has the targets to which a complete one was made", async () => {
      const { backups } = await open();
      await backups.recordBackup(backup({ target: "/mnt/one" }));
      await backups.recordBackup(backup({ target: "/mnt/other", state: "failed" }));

      expect(await backups.hasTarget("/mnt/one")).toBe(true);
      expect(await backups.hasTarget("/mnt/other")).toBe(false);
    });

    test("takes a complete one of the future for no later than the next one ended", async () => {
      const { backups } = await open();
      await backups.recordBackup(backup({ finishedAt: now + 5_000 }));
      await backups.recordBackup(backup({ state: "failed", finishedAt: now + 70 }));
      await backups.recordBackup(backup({ state: "failed", finishedAt: now + 90 }));

      expect(await backups.lastComplete()).toBe(now + 70);
    });

    test("forgets the oldest", async () => {
      const { backups } = await open();
      await backups.recordBackup(backup());
      for (let at = 0; at < rememberedBackups; at += 1) {
        await backups.recordBackup(backup({ state: "failed" }));
      }

      expect(await backups.lastComplete()).toBeNull();
    }, 60_000);
  });

  describe("the generation of a database", () => {
    test("grows, and says nothing of a restore while the data directory noted the same", async () => {
      const { backups } = await open();

      expect(await backups.advanceGeneration(0, now)).toBe(1);
      expect(await backups.advanceGeneration(1, now)).toBe(2);
      // A crash between the database and the note.
      expect(await backups.advanceGeneration(1, now)).toBe(3);
      expect(await backups.findRestored()).toBeNull();
    });

    test("that is behind the one that its data directory noted is an older one: it counts as restored", async () => {
      const { backups } = await open();
      await backups.advanceGeneration(0, now);

      expect(await backups.advanceGeneration(7, now + 60)).toBe(8);
      expect(await backups.findRestored()).toBe(now + 60);
      await backups.advanceGeneration(8, now + 90);
      expect(await backups.findRestored()).toBe(now + 60);
    });
  });

  describe("the time of a restore", () => {
    /** A generation that the database has not reached: in PostgreSQL it is not always a new one. */
    const later = async (backups: Metadata["backups"]) =>
      (await backups.advanceGeneration(0, now)) + 7;
    const anchor = { boot: "a", uptime: 1, wall: now + 9, distrustUntil: 0 };

    test("moves with a clock that was set forward, unless that clock gave it", async () => {
      const { backups, clock } = await open();
      await backups.advanceGeneration(await later(backups), now);
      const stepOf = (after: number) => ({
        ...{ endingAfter: now, given: { after, until: now + 9 }, byMs: 5 },
      });

      await clock.replaceClockAnchor(null, anchor, stepOf(now - 1));
      expect(await backups.findRestored()).toBe(now);
      await clock.replaceClockAnchor(anchor, anchor, stepOf(now));
      expect(await backups.findRestored()).toBe(now + 5);
    });

    test("is never later than the latest look at the clock", async () => {
      const { backups, clock } = await open();
      await backups.advanceGeneration(await later(backups), now + 10);

      await clock.replaceClockAnchor(null, anchor);

      expect(await backups.findRestored()).toBe(now + 9);
    });
  });
}
