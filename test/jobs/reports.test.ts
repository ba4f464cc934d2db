import { expect, test } from "bun:test";
import { type GcRun, noCounts } from "../../src/metadata/gcRuns.ts";
import { parseBucketName, parseObjectName } from "../../src/model/objectNames.ts";
import { makeUploadId } from "../../src/model/uploadId.ts";
import { type Listeners, takeReport } from "../../src/reports.ts";

/** Whoever is told, and what they were told. */
function listeners() {
  const told: string[] = [];
  const note =
    (what: string) =>
    (...[first]: readonly unknown[]) =>
      void told.push(`${what} ${typeof first}`);
  const all: Listeners = {
    log: { debug: note("debug"), info: note("info"), warn: note("warn"), error: note("error") },
    metrics: {
      uploadEnded: note("ended"),
      multipart: { expired: note("expired"), swept: note("swept") },
      space: { counted: note("counted") },
    },
    forgetUpload: note("forget"),
    forgetParts: note("forget parts"),
    latch: { trip: note("trip") },
    gcRuns: { ended: async () => note("ended run")() },
    onCollected: note("collected"),
    onBackedUp: note("backup"),
    checks: { ended: async () => note("ended check")() },
    onChecked: note("checked"),
    onScrub: note("scrub"),
  };
  return { all, told };
}

const stored = { contents: 1, bytes: 10, manifests: 0, objects: 0 };

test("a dropped session is forgotten, counted and logged, and so is its sweep", () => {
  const { all, told } = listeners();
  const id = makeUploadId("01a1f7e5-93cb-728c-8028-5a61b9c8f780");
  const upload = { id, reason: "expired", repository: "a", bytes: 1 } as const;

  takeReport({ kind: "dropped", upload }, all);
  takeReport(
    { kind: "swept", dropped: 1, undeleted: null, durationMs: 1, firstSeen: new Map(), stored },
    all,
  );

  expect(told).toEqual([
    "forget string",
    "ended string",
    "info object",
    "counted object",
    "info object",
  ]);
});

test("an expired multipart upload is counted, logged and forgotten; an empty sweep is not logged", () => {
  const { all, told } = listeners();
  const id = makeUploadId("01a1f7e5-93cb-728c-8028-5a61b9c8f780");
  const [bucket, object] = [parseBucketName("backups"), parseObjectName("a/b")];

  takeReport({ kind: "expired", upload: { id, bucket, object, bytes: 1 } }, all);
  takeReport(
    { kind: "multipartSwept", expired: 1, leftovers: 0, undeleted: null, durationMs: 1 },
    all,
  );
  takeReport(
    { kind: "multipartSwept", expired: 0, leftovers: 1, undeleted: null, durationMs: 1 },
    all,
  );
  takeReport(
    { kind: "multipartSwept", expired: 0, leftovers: 0, undeleted: null, durationMs: 1 },
    all,
  );

  expect(told).toEqual([
    ...["forget parts string", "expired number", "info object"],
    ...["swept number", "info object"],
    ...["swept number", "info object"],
    ...["swept number", "debug object"],
  ]);
});

test("sessions that could not be deleted are logged once with bytes and reason, and the others are counted", () => {
  const { all } = listeners();
  const warnings: unknown[] = [];
  const log = { ...all.log, warn: (...line: readonly unknown[]) => void warnings.push(line) };
  const undeleted = { count: 3, cause: "EPERM: operation not permitted, rm" };
  const swept = { durationMs: 1, undeleted };

  takeReport(
    { kind: "swept", dropped: 1, firstSeen: new Map(), stored, ...swept },
    { ...all, log },
  );
  takeReport({ kind: "multipartSwept", expired: 1, leftovers: 1, ...swept }, { ...all, log });

  const line = [
    { event: "undeleted", ...undeleted },
    "3 leftovers of uploads could not be deleted, the next cleanup tries again",
  ];
  expect(warnings).toEqual([line, line]);
});

test("a collection's end is logged and counted, also when it failed", () => {
  const { all, told } = listeners();
  const run: GcRun = {
    ...{ id: "a", trigger: "api", dryRun: false, state: "done", reason: null, counts: noCounts },
    ...{ startedAt: 1, finishedAt: 2 },
  };

  const end = { durationMs: 1, isStopped: false };
  takeReport(
    { kind: "collected", run, notes: ["the clock was set back"], untagged: null, ...end },
    all,
  );
  takeReport({ kind: "collected", run: null, notes: [], untagged: null, ...end }, all);
  takeReport({ kind: "failed", what: "collect", isStopped: false, message: "EIO" }, all);
  takeReport({ kind: "failed", what: "sweep", isStopped: false, message: "EIO" }, all);
  takeReport({ kind: "failed", what: "check", isStopped: true, message: "the end" }, all);

  const over = "ended run undefined";
  const note = "warn object";
  const failed = "error object";
  const stopped = "info string";
  expect(told).toEqual([
    note,
    "collected object",
    over,
    over,
    failed,
    over,
    failed,
    stopped,
    "ended check undefined",
  ]);
});
