// Contract of the history of the garbage collection.
import { describe, expect, test } from "bun:test";
import {
  brokenOff,
  type GcBeginning,
  type GcCounts,
  type GcEnding,
  noCounts,
  rememberedRuns,
} from "../../src/metadata/gcRuns.ts";
import type { Metadata } from "../../src/metadata/metadata.ts";
import { now } from "./metadataRows.ts";

const counts: GcCounts = {
  totalBlobs: 10,
  referencedBlobs: 6,
  orphanedBlobs: 4,
  orphanedBytes: 400,
  deletedBlobs: 3,
  deletedBytes: 300,
  deletedManifests: 2,
  deletedLinks: 1,
};

const beginning = (changes: Partial<GcBeginning> = {}): GcBeginning => ({
  id: Bun.randomUUIDv7(),
  trigger: "schedule",
  dryRun: false,
  startedAt: now,
  ...changes,
});

const done: GcEnding = { state: "done", counts, reason: null, finishedAt: now + 5 };

/** Part of `metadataContract`. */
export function gcRunsContract(open: () => Promise<Metadata>): void {
  describe("the history of collections", () => {
    test("records a new run as running, with counts of zero", async () => {
      const { gcRuns } = await open();
      const run = beginning({ trigger: "api", dryRun: true });

      const begun = await gcRuns.beginRun(run);

      expect(begun).toEqual({
        ...run,
        state: "running",
        counts: noCounts,
        reason: null,
        finishedAt: null,
      });
      expect(await gcRuns.findRun(run.id)).toEqual(begun);
    });

    test("records a run's end: outcome, time and counts", async () => {
      const { gcRuns } = await open();
      const run = beginning();
      await gcRuns.beginRun(run);

      const ended = await gcRuns.endRun(run.id, { ...done, state: "refused", reason: "too much" });

      const expected = { ...run, ...done, state: "refused", reason: "too much" } as const;
      expect(ended).toEqual(expected);
      expect(await gcRuns.findRun(run.id)).toEqual(expected);
    });

    test("neither ends nor finds an unknown run", async () => {
      const { gcRuns } = await open();

      expect(await gcRuns.endRun("none", done)).toBeNull();
      expect(await gcRuns.findRun("none")).toBeNull();
    });

    test("marks killed runs as failed, and leaves running and ended ones alone", async () => {
      const { gcRuns } = await open();
      const [ended, killed, alive] = [beginning(), beginning(), beginning()];
      for (const run of [ended, killed, alive]) await gcRuns.beginRun(run);
      await gcRuns.endRun(ended.id, done);

      await gcRuns.renewRun(alive.id);
      expect((await gcRuns.findActive(now)).running.toSorted()).toEqual(
        [killed.id, alive.id].toSorted(),
      );
      expect(await gcRuns.breakOffRuns([ended.id, killed.id], [killed.id])).toBe(1);

      const states = (await gcRuns.listRuns({ after: null, limit: 9 })).map(
        ({ state, reason, finishedAt }) => ({ state, reason, finishedAt }),
      );
      expect(states).toEqual([
        { state: "running", reason: null, finishedAt: null },
        { state: "failed", reason: brokenOff, finishedAt: null },
        { state: "done", reason: null, finishedAt: now + 5 },
      ]);
      expect(await gcRuns.breakOffRuns([alive.id], [alive.id])).toBe(1);
    });

    test("does not call a command's run failed that has just given a sign of life", async () => {
      const { gcRuns } = await open();
      const run = beginning({ trigger: "command" });
      await gcRuns.beginRun(run);

      expect(await gcRuns.breakOffRuns([run.id])).toBe(0);
      await gcRuns.renewRun(run.id);
      expect(await gcRuns.breakOffRuns([run.id])).toBe(0);
      expect(await gcRuns.breakOffRuns([run.id], [run.id])).toBe(1);
    });

    test("names the holder of the collection's lock until it runs out or is released", async () => {
      const { gcRuns, locks } = await open();
      const request = { name: "gc", owner: "me", now, lastsMs: 1000, dead: null } as const;
      const holder = async (at: number) => (await gcRuns.findActive(at)).holder;
      expect(await holder(now)).toBeNull();

      const outcome = await locks.acquireLock(request);

      expect(await holder(now + 999)).toBe("me");
      expect(await holder(now + 1000)).toBeNull();
      if (outcome.kind === "acquired") await locks.releaseLock(outcome.hold);
      expect(await holder(now)).toBeNull();
    });

    test("is listed by page, the latest run first", async () => {
      const { gcRuns } = await open();
      const ids: string[] = [];
      for (let count = 0; count < 5; count += 1) {
        ids.unshift((await gcRuns.beginRun(beginning())).id);
      }
      const page = async (after: string | null) =>
        (await gcRuns.listRuns({ after, limit: 2 })).map(({ id }) => id);

      expect(await page(null)).toEqual(ids.slice(0, 2));
      expect(await page(ids[1] ?? null)).toEqual(ids.slice(2, 4));
      expect(await page(ids[3] ?? null)).toEqual(ids.slice(4));
      expect(await page(ids[4] ?? null)).toEqual([]);
    });

    test("keeps only the latest runs", async () => {
      const { gcRuns } = await open();
      const idOf = (count: number) => `0000${String(count).padStart(4, "0")}`;
      for (let count = 0; count <= rememberedRuns; count += 1) {
        await gcRuns.beginRun(beginning({ id: idOf(count) }));
        await gcRuns.endRun(idOf(count), done);
      }

      const runs = await gcRuns.listRuns({ after: null, limit: 2 * rememberedRuns });

      expect(runs).toHaveLength(rememberedRuns);
      expect(runs.at(-1)?.id).toBe(idOf(1));
    });

    test("shows a collection that began after the clock was set back, behind as many as are kept", async () => {
      const { gcRuns } = await open();
      const later = (count: number) => `ffff${String(count).padStart(4, "0")}`;
      for (let count = 0; count < rememberedRuns; count += 1) {
        await gcRuns.beginRun(beginning({ id: later(count) }));
        await gcRuns.endRun(later(count), done);
      }

      await gcRuns.beginRun(beginning({ id: "00000001" }));
      const whileRunning = await gcRuns.findRun("00000001");
      await gcRuns.beginRun(beginning({ id: later(rememberedRuns) }));

      expect(whileRunning?.state).toBe("running");
      expect(await gcRuns.endRun("00000001", done)).toMatchObject({ state: "done" });
      expect(await gcRuns.findRun("00000001")).toMatchObject({ state: "done" });
    });

    test("takes as the latest start that of a run or of the store, and none from a clock that was ahead", async () => {
      const { gcRuns } = await open();
      const made = await gcRuns.lastBeginning({ now: now + 5, dry: true });
      await gcRuns.beginRun(beginning({ startedAt: now + 10 }));
      await gcRuns.beginRun(beginning({ startedAt: now + 20, dryRun: true }));
      await gcRuns.beginRun(beginning({ startedAt: now + 1000 }));

      expect(made).toBe(now);
      expect(await gcRuns.lastBeginning({ now: now + 9, dry: false })).toBe(made);
      expect(await gcRuns.lastBeginning({ now: now + 100, dry: false })).toBe(now + 10);
      expect(await gcRuns.lastBeginning({ now: now + 100, dry: true })).toBe(now + 20);
      expect(await gcRuns.lastBeginning({ now: now + 1000, dry: false })).toBe(now + 1000);
      expect(await gcRuns.lastBeginning({ now: now - 1, dry: true })).toBeNull();
    });

    test("takes as a success a run that deleted: neither a dry run nor a refused one", async () => {
      const { gcRuns } = await open();
      expect(await gcRuns.lastSuccess()).toBeNull();
      const endings: [Partial<GcBeginning>, Partial<GcEnding>][] = [
        [{}, { finishedAt: now + 1 }],
        [{ dryRun: true }, { finishedAt: now + 2 }],
        [{}, { finishedAt: now + 3, state: "refused" }],
        [{}, { finishedAt: now + 4, state: "failed" }],
      ];
      for (const [run, ending] of endings) {
        const { id } = await gcRuns.beginRun(beginning(run));
        await gcRuns.endRun(id, { ...done, ...ending });
      }

      expect(await gcRuns.lastSuccess()).toBe(now + 1);
    });

    test("takes the success that began last, and refusals since then, whatever the clock said", async () => {
      const { gcRuns } = await open();
      const year = 365 * 86_400_000;
      const run = async (ending: Partial<GcEnding>) => {
        const { id } = await gcRuns.beginRun(beginning());
        await gcRuns.endRun(id, { ...done, ...ending });
      };
      await run({ finishedAt: now + year });
      await run({ state: "refused", finishedAt: now, reason: "brake" });
      expect(await gcRuns.lastSuccess()).toBe(now + year);
      expect(await gcRuns.findRefusals()).toEqual({ since: now, reason: "brake" });

      await run({ finishedAt: now + 1 });

      expect(await gcRuns.lastSuccess()).toBe(now + 1);
      expect(await gcRuns.findRefusals()).toBeNull();
    });

    test("keeps since when the schedule is refused, until a run deletes something", async () => {
      const { gcRuns } = await open();
      const run = async (begun: Partial<GcBeginning>, ending: Partial<GcEnding>) => {
        const { id } = await gcRuns.beginRun(beginning(begun));
        await gcRuns.endRun(id, { ...done, ...ending });
      };
      const schedule = { trigger: "schedule" } as const;
      const refused = (at: number) =>
        ({ state: "refused", finishedAt: now + at, reason: `brake ${at}` }) as const;
      await run(schedule, refused(1));
      await run(schedule, { finishedAt: now + 2 });
      await run({ trigger: "command" }, refused(3));
      expect(await gcRuns.findRefusals()).toBeNull();

      for (const at of [4, 5, 6]) await run(schedule, refused(at));
      await run({ ...schedule, dryRun: true }, { finishedAt: now + 7 });
      await run({ trigger: "api" }, { state: "failed", finishedAt: now + 8 });
      expect(await gcRuns.findRefusals()).toEqual({ since: now + 4, reason: "brake 6" });

      await run({ trigger: "command" }, { finishedAt: now + 9 });
      expect(await gcRuns.findRefusals()).toBeNull();
    });
  });
}
