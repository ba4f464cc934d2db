// What a garbage collection leaves behind: its line in the log and its metrics.
import { describe, expect, test } from "bun:test";
import { Registry } from "prom-client";
import { type GcRun, noCounts } from "../../src/metadata/gcRuns.ts";
import { parseRepositoryName } from "../../src/model/names.ts";
import { type GcEnd, GcMetrics, type GcSources, reportGc } from "../../src/telemetry/gc.ts";

const quiet: GcSources = {
  lastSuccess: async () => null,
  findRefusals: async () => null,
  isRunning: false,
};
const finished: GcRun = {
  id: "a",
  trigger: "schedule",
  dryRun: false,
  startedAt: 0,
  finishedAt: 1500,
  state: "done",
  reason: null,
  counts: { ...noCounts, totalBlobs: 120, deletedBlobs: 12, deletedBytes: 3_600_000 },
};

/** Reports runs of 1.5 s. @returns the lines by level, and the samples. */
async function reported(
  runs: readonly Partial<GcRun>[],
  sources = quiet,
  { isStopped, untagged }: Omit<GcEnd, "durationMs"> = { isStopped: false, untagged: null },
) {
  const registry = new Registry();
  const metrics = { gc: new GcMetrics(registry, sources) };
  const lines: string[] = [];
  const note = (level: string) => (_: unknown, text?: string) =>
    void lines.push(`${level} ${text}`);
  const log = { info: note("info"), warn: note("warn"), error: note("error") };
  const end = { durationMs: 1500, isStopped, untagged };
  for (const run of runs) reportGc({ log, metrics }, { ...finished, ...run }, end);
  return { lines, samples: (await registry.metrics()).split("\n") };
}

describe("a run in the log", () => {
  test.each<[string, Partial<GcRun>, string]>([
    [
      "that is done says what it freed",
      {},
      "info garbage collection: deleted 12 orphaned blobs of 120, reclaimed 3.6 MB, in 1500 ms",
    ],
    [
      "that found one blob speaks of one",
      {
        counts: {
          ...noCounts,
          totalBlobs: 1,
          deletedBlobs: 1,
          deletedBytes: 5,
          deletedManifests: 1,
        },
      },
      "info garbage collection: deleted 1 untagged manifest and 1 orphaned blob of 1, reclaimed 5 B, in 1500 ms",
    ],
    [
      "that was dry says what it would do, and what would stop it",
      {
        dryRun: true,
        reason: "the brake is on",
        counts: {
          ...noCounts,
          totalBlobs: 9,
          orphanedBlobs: 4,
          orphanedBytes: 50,
          deletedManifests: 2,
        },
      },
      "info garbage collection: dry run, would delete 2 untagged manifests and 4 orphaned blobs of 9 and reclaim 50 B, but the brake is on, in 1500 ms",
    ],
    [
      "that was refused is a warning",
      { state: "refused", reason: "it would delete 50 %" },
      "warn garbage collection refused, nothing was deleted: it would delete 50 %",
    ],
    [
      "that failed is an error",
      { state: "failed", reason: "EIO" },
      "error garbage collection failed: EIO",
    ],
  ])("%s", async (_, run, line) => {
    expect((await reported([run])).lines).toEqual([line]);
  });
});

test("a run left unfinished by a stopping server is no error", async () => {
  const run = { state: "failed", reason: "the server was stopped" } as const;

  const { lines } = await reported([run], quiet, { isStopped: true, untagged: null });

  expect(lines).toEqual([
    "info garbage collection stopped early, the next one continues: the server was stopped",
  ]);
});

test("a run's log line says how much untagged manifests keep, where, and how to delete them", async () => {
  const repositories = ["team/app", "team/web"].map((name) => ({
    ...{ repository: parseRepositoryName(name), manifests: 2, bytes: 1_500_000 },
  }));
  const untagged = { manifests: 9, blobs: 12, bytes: 3_600_000, repositories };
  const held = { isStopped: false, untagged: { ...untagged, otherRepositories: 3 } };

  const { lines } = await reported([{}], quiet, held);

  expect(lines[0]).toEndWith(
    "; 9 untagged manifests (team/app, team/web, 3 more) keep 3.6 MB: breadbox gc --untagged TIME or gc.untagged.enabled deletes them",
  );
});

describe("metrics of runs", () => {
  test("count runs by outcome, and what they deleted; dry runs delete nothing", async () => {
    const { samples } = await reported([
      {},
      {},
      { dryRun: true },
      { state: "refused", counts: noCounts },
      { dryRun: true, state: "failed", counts: noCounts },
    ]);

    expect(samples).toContain('breadbox_gc_runs_total{outcome="done"} 2');
    expect(samples).toContain('breadbox_gc_runs_total{outcome="dry"} 1');
    expect(samples).toContain('breadbox_gc_runs_total{outcome="refused"} 1');
    expect(samples).toContain('breadbox_gc_runs_total{outcome="failed"} 1');
    expect(samples).toContain("breadbox_gc_deleted_blobs_total 24");
    expect(samples).toContain("breadbox_gc_deleted_bytes_total 7200000");
    expect(samples).toContain("breadbox_gc_duration_seconds_sum 7.5");
  });

  test("exist before the first run", async () => {
    const { samples } = await reported([]);

    expect(samples).toContain('breadbox_gc_runs_total{outcome="refused"} 0');
    expect(samples).toContain("breadbox_gc_last_success_timestamp_seconds 0");
    expect(samples).toContain("breadbox_gc_running 0");
  });

  test("have the time of the last collection, and whether one is active", async () => {
    const { samples } = await reported([], {
      ...quiet,
      lastSuccess: async () => 1500,
      isRunning: true,
    });

    expect(samples).toContain("breadbox_gc_last_success_timestamp_seconds 1.5");
    expect(samples).toContain("breadbox_gc_running 1");
  });

  test("have the time since when the schedule is refused", async () => {
    const findRefusals = async () => ({ since: 2500 });

    const name = "breadbox_gc_refused_since_timestamp_seconds";
    expect((await reported([])).samples).toContain(`${name} 0`);
    expect((await reported([], { ...quiet, findRefusals })).samples).toContain(`${name} 2.5`);
  });

  test("have no last success while the database cannot be read", async () => {
    const { samples } = await reported([], {
      ...quiet,
      lastSuccess: () => Promise.reject(new Error("EIO")),
    });

    expect(samples).toContain("breadbox_gc_last_success_timestamp_seconds Nan");
  });
});
