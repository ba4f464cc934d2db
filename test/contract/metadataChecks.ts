// Contract of the history of checks.
import { describe, expect, test } from "bun:test";
import {
  type CheckBeginning,
  type CheckEnding,
  type NotedFinding,
  notedFindings,
  rememberedChecks,
} from "../../src/metadata/checks.ts";
import type { Metadata } from "../../src/metadata/metadata.ts";
import { finish, now } from "./metadataRows.ts";

const beginning = (changes: Partial<CheckBeginning> = {}): CheckBeginning => ({
  ...{ id: Bun.randomUUIDv7(), kind: "fsck", trigger: "command", full: false, repair: false },
  ...{ startedAt: now, ...changes },
});
const beside = { owner: "here", alone: false };
const alone = { owner: "there", alone: true };

const finding = (text: string): NotedFinding => ({
  ...{ kind: "content_missing", severity: "problem", outcome: null, text },
  ...{ advice: "push it", command: "breadbox fsck --repair", digest: null, repository: null },
});
const missing = { kind: "content_missing", severity: "problem", outcome: null } as const;
const problems: CheckEnding = {
  ...{ state: "problems", contents: 7, bytes: 70, reason: null, finishedAt: now + 5 },
  kinds: [{ ...missing, count: 2 }],
  findings: [finding("one"), finding("two")],
};
const clean: CheckEnding = { ...problems, state: "clean", kinds: [], findings: [] };

/** Part of `metadataContract`. */
export function checksContract(open: () => Promise<Metadata>): void {
  describe("the history of checks", () => {
    test("records a new check as running, and its progress", async () => {
      const { checks } = await open();
      const check = beginning({ trigger: "api", full: true, repair: true });

      expect(await checks.beginCheck(check, beside)).toBeNull();
      const begun = await checks.findCheck(check.id);
      expect(begun).toEqual({
        ...check,
        ...{ state: "running", finishedAt: null, contents: 0, bytes: 0, reason: null },
        progress: { phase: "database", done: 0, total: 0 },
        ...{ kinds: [], findings: [] },
      });

      const progress = { phase: "contents", done: 3, total: 9 };
      await checks.advanceCheck(check.id, progress);
      expect((await checks.findCheck(check.id))?.progress).toEqual(progress);
      expect(await checks.findCheck("none")).toBeNull();
    });

    test("records a check's end with its findings, which lists leave out", async () => {
      const { checks } = await open();
      const check = beginning();
      await checks.beginCheck(check, beside);

      const ended = await checks.endCheck(check.id, problems);

      expect(ended).toEqual({ ...check, ...problems, progress: null });
      expect(await checks.findCheck(check.id)).toEqual(ended);
      const { findings, ...summary } = problems;
      expect(findings).toHaveLength(2);
      expect(await checks.listChecks({ after: null, limit: 9 })).toEqual([
        { ...check, ...summary, progress: null },
      ]);
      expect(await checks.endCheck("none", clean)).toBeNull();
    });

    test("keeps the first findings only", async () => {
      const { checks } = await open();
      const check = beginning();
      await checks.beginCheck(check, beside);
      const many = Array.from({ length: notedFindings + 9 }, (_, at) => finding(`${at}`));

      const ended = await checks.endCheck(check.id, { ...problems, findings: many });

      expect(ended?.findings).toEqual(many.slice(0, notedFindings));
    });

    test("refuses a check that would not be alone, until the other one has ended", async () => {
      const { checks } = await open();
      const [first, second, third] = [beginning(), beginning(), beginning()];
      await checks.beginCheck(first, beside);

      expect(await checks.beginCheck(second, alone)).toEqual({ id: first.id, owner: "here" });
      expect(await checks.findCheck(second.id)).toBeNull();
      expect(await checks.beginCheck(third, beside)).toBeNull();
      await checks.endCheck(first.id, clean);
      await checks.endCheck(third.id, clean);
      expect(await checks.beginCheck(second, alone)).toBeNull();
      expect(await checks.listRunning()).toEqual([{ id: second.id, owner: "there" }]);
    });

    test("breaks off a check that runs, and no other", async () => {
      const { checks } = await open();
      const [running, ended] = [beginning(), beginning()];
      for (const check of [running, ended]) await checks.beginCheck(check, beside);
      await checks.endCheck(ended.id, clean);

      expect(await checks.breakOffCheck(running.id, "killed")).toBeTrue();
      expect(await checks.breakOffCheck(running.id, "again")).toBeFalse();
      expect(await checks.breakOffCheck(ended.id, "killed")).toBeFalse();
      expect(await checks.findCheck(running.id)).toMatchObject({
        ...{ state: "failed", reason: "killed", progress: null },
      });
      expect((await checks.findCheck(ended.id))?.state).toBe("clean");
    });

    test("lists pages, the latest first, and forgets the oldest", async () => {
      const { checks } = await open();
      const ids: string[] = [];
      for (let index = 0; index <= rememberedChecks; index += 1) {
        const check = beginning();
        ids.unshift(check.id);
        await checks.beginCheck(check, beside);
        await checks.endCheck(check.id, clean);
      }

      const list = async (after: string | null, limit: number) =>
        (await checks.listChecks({ after, limit })).map(({ id }) => id);
      expect(await list(null, 2)).toEqual(ids.slice(0, 2));
      expect(await list(ids[1] ?? "", 2)).toEqual(ids.slice(2, 4));
      expect(await list(null, rememberedChecks + 9)).toEqual(ids.slice(0, rememberedChecks));
    });

    test("shows a check that began after the clock was set back, behind as many as are kept", async () => {
      const { checks } = await open();
      for (let index = 0; index < rememberedChecks; index += 1) {
        const id = `ffff${String(index).padStart(4, "0")}`;
        await checks.beginCheck(beginning({ id }), beside);
        await checks.endCheck(id, clean);
      }
      const id = "00000001";

      await checks.beginCheck(beginning({ id }), beside);

      expect((await checks.findCheck(id))?.state).toBe("running");
      expect(await checks.endCheck(id, clean)).toMatchObject({ state: "clean" });
    });
  });

  describe("a pass of the scrub", () => {
    const begin = (round: number) => ({ id: Bun.randomUUIDv7(), startedAt: now, round });
    const openDue = async () => {
      const metadata = await open();
      for (const name of ["old", "older"]) {
        await metadata.uploads.finishUpload(finish(name, { now: now - 100 }));
      }
      await metadata.uploads.finishUpload(finish("young"));
      return metadata;
    };
    const part = { contents: 1, bytes: 10, findings: [], finished: false, now: now + 9 };

    test("sums up its parts, goes on after a restart, and ends once", async () => {
      const { checks } = await openDue();
      const round = now - 50;
      const first = begin(round);
      const { id } = first;
      expect(await checks.beginScrub(first)).toBeTrue();
      await checks.noteScrub(round, part);
      const restarted = begin(round);
      expect(await checks.beginScrub(restarted)).toBeTrue();
      await checks.noteScrub(round, { ...part, findings: [finding("bad")] });

      expect(await checks.listChecks({ after: null, limit: 9 })).toMatchObject([
        {
          ...{ id, kind: "scrub", trigger: "schedule", full: true, state: "running" },
          ...{ contents: 2, bytes: 20, kinds: [{ ...missing, count: 1 }] },
          progress: { phase: "contents", done: 20, total: 200 },
        },
      ]);
      // What cannot be read is found again after a restart.
      await checks.noteScrub(round, { ...part, findings: [finding("bad")], finished: true });
      const ended = await checks.findCheck(id);
      expect(ended).toMatchObject({
        ...{ state: "problems", finishedAt: now + 9, contents: 3, bytes: 30 },
        findings: [finding("bad")],
        kinds: [{ ...missing, count: 1 }],
      });
      await checks.noteScrub(round, part);
      expect(await checks.beginScrub(restarted)).toBeFalse();
      expect(await checks.findCheck(id)).toEqual(ended);
    });

    test("stops when the next one begins before its end, and is no check that runs", async () => {
      const { checks } = await openDue();
      const [first, second] = [begin(now - 50), begin(now - 40)];
      await checks.beginScrub(first);
      await checks.beginScrub(second);

      expect(await checks.findCheck(first.id)).toMatchObject({
        ...{ state: "stopped", reason: "the next pass began before its end" },
      });
      expect((await checks.findCheck(second.id))?.state).toBe("running");
      expect(await checks.listRunning()).toEqual([]);
    });

    test("is not remembered when nothing is due", async () => {
      const { checks } = await openDue();

      expect(await checks.beginScrub(begin(now - 200))).toBeFalse();
      expect(await checks.listChecks({ after: null, limit: 9 })).toEqual([]);
    });
  });

  test("the latest checks are those of each kind and depth that saw everything, and the running scrub", async () => {
    const { checks, uploads } = await open();
    await uploads.finishUpload(finish("old", { now: now - 100 }));
    const run = async (changes: Partial<CheckBeginning>, ending: CheckEnding | null) => {
      const check = beginning(changes);
      await checks.beginCheck(check, beside);
      if (ending !== null) await checks.endCheck(check.id, ending);
      return check.id;
    };
    await run({}, problems);
    const full = await run({ full: true }, problems);
    const quick = await run({}, clean);
    await run({}, { ...clean, state: "failed" });
    await run({}, null);
    const scrub = Bun.randomUUIDv7();
    await checks.beginScrub({ id: scrub, startedAt: now, round: now - 50 });

    const latest = (await checks.listLatest()).map(({ id }) => id);

    expect(latest).toEqual([scrub, quick, full]);
  });
}
