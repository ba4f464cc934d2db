// What is remembered of an inspection: its progress, its result, and how it ended when it did not see everything.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import type { FsckRequest } from "../../src/fsck/fsckRun.ts";
import { type CommandDeps, checkByCommand, inspectAndRecord } from "../../src/fsck/recorded.ts";
import { readStoredManifest } from "../../src/registry/manifest.ts";
import { noise } from "../support/store.ts";
import {
  app,
  full,
  type InspectionRoom,
  openInspectionRoom,
  quick,
  repair,
} from "./inspectionRoom.ts";

let room: InspectionRoom;
beforeEach(async () => {
  room = await openInspectionRoom();
});
afterEach(() => room.remove());

const deps = (changes: Partial<CommandDeps> = {}) => {
  const { metadata, storage } = room.store.rooms;
  return {
    ...{ metadata, storage, derive: readStoredManifest, clock: room.store.clock.now },
    ...{ checks: metadata.checks, now: () => performance.now() },
    ...{ newId: () => Bun.randomUUIDv7(), owner: "this test" },
    ...changes,
  };
};
const check = (request: FsckRequest, changes: Partial<CommandDeps> = {}) =>
  checkByCommand(deps(changes), request, () => {});

describe("the history", () => {
  test("has a check without problems, with what was read", async () => {
    await room.push(noise(100));
    await room.push(noise(50));

    const { run } = await check(full);

    expect(run).toMatchObject({
      ...{ kind: "fsck", trigger: "command", full: true, repair: false, state: "clean" },
      ...{ contents: 2, bytes: 150, kinds: [], findings: [], reason: null, progress: null },
    });
    const { checks } = room.store.rooms.metadata;
    expect(await checks.findCheck(run?.id ?? "")).toEqual(run);
  });

  test("has what a check found, in words and with the command that repairs it", async () => {
    const bad = await room.push(noise(200));
    await room.flip(bad);

    const { run } = await check(full);

    expect(run?.state).toBe("problems");
    expect(run?.kinds).toEqual([
      { kind: "content_hash_differs", severity: "problem", outcome: null, count: 1 },
    ]);
    expect(run?.findings).toEqual([
      {
        ...{ kind: "content_hash_differs", severity: "problem", outcome: null },
        text: expect.stringContaining(`${bad} (200 B): the bytes are damaged`),
        advice: "The command moves it to damaged/, so that the next push restores it.",
        command: "breadbox fsck --full --repair",
        ...{ digest: bad, repository: app },
      },
    ]);
  });

  test("has what a repair came to, and what is still to be done", async () => {
    await room.flip(await room.push(noise(200)));

    const { run } = await check(repair);

    expect(run).toMatchObject({ repair: true, state: "problems" });
    expect(run?.findings).toMatchObject([
      { outcome: "waits", command: null, advice: expect.stringContaining("Push it again") },
    ]);
    const later = await check(quick);
    expect(later.run?.findings.map(({ kind }) => kind)).toEqual(["content_waits", "set_aside"]);
  });

  test("names problems first, and counts all", async () => {
    for (let count = 0; count < 60; count += 1) await room.push(noise(10));
    const bad = await room.push(noise(200));
    await room.flip(bad);
    const { metadata } = room.store.rooms;
    for (const { locator } of await metadata.inspection.listContents({ after: null, limit: 60 })) {
      await rm(`${room.directory}/blobs/${locator}`);
    }

    const { run } = await check(full);

    expect(run?.findings).toHaveLength(50);
    const all = run?.kinds.reduce((sum, { count }) => sum + count, 0);
    expect(all).toBeGreaterThanOrEqual(60);
  });

  test("says why a check has failed", async () => {
    const { metadata } = room.store.rooms;
    const inspection = {
      ...metadata.inspection,
      countAll: () => Promise.reject(new Error("the database is locked")),
    };
    const failing = { metadata: { ...metadata, inspection } };

    await expect(check(quick, failing)).rejects.toThrow("the database is locked");
    expect(await metadata.checks.listChecks({ after: null, limit: 9 })).toMatchObject([
      { state: "failed", reason: "the database is locked", progress: null },
    ]);
  });

  test("says that a check was stopped, and shows how far it was", async () => {
    await room.push(noise(3_000_000));
    const { checks } = room.store.rooms.metadata;
    const id = Bun.randomUUIDv7();
    const begun = { id, kind: "fsck", trigger: "api", full: true, repair: false } as const;
    const startedAt = room.store.clock.now();
    await checks.beginCheck({ ...begun, startedAt }, { owner: "this test", alone: true });
    const stopping = new AbortController();
    let uptime = 0;
    const now = (): number => {
      uptime += 10_000;
      return uptime;
    };
    const stopped = deps({ signal: stopping.signal, now });
    const seen: unknown[] = [];

    const ended = inspectAndRecord(stopped, { id, request: full }, ({ phase, done }) => {
      if (phase !== "contents" || done === 0) return;
      seen.push(phase);
      stopping.abort(new Error("the server was stopped"));
    });

    await expect(ended).rejects.toThrow("the server was stopped");
    expect(seen).toEqual(["contents"]);
    expect(await checks.findCheck(id)).toMatchObject({
      ...{ state: "stopped", reason: "the server was stopped", progress: null },
    });
  });
});

test("a store that takes no writes is checked all the same", async () => {
  await room.push(noise(10));
  const { checks } = room.store.rooms.metadata;
  const refuse = () => Promise.reject(new Error("read-only"));

  const { report, run } = await check(full, { checks: { ...checks, beginCheck: refuse } });

  expect([report.clean, run]).toEqual([true, null]);
});
