// Entry point of the maintenance worker: work that may block or sync, away from the thread that answers requests.

import { giveWay, isProcessAlive, nameProcess, newId, readUptime } from "../ambient.ts";
import { backUpBySchedule } from "../backingUp.ts";
import { WriteLatch } from "../durability/writeLatch.ts";
import { inspectAndRecord } from "../fsck/recorded.ts";
import { collectGarbage } from "../gc/gc.ts";
import { gcMetadata } from "../gc/gcRun.ts";
import { openPorts, type Ports } from "../ports.ts";
import { readStoredManifest } from "../registry/manifest.ts";
import { pruneAudit } from "./auditPrune.ts";
import { sweepMultipart } from "./multipartSweep.ts";
import type { MaintenanceReport, MaintenanceRequest, Store } from "./protocol.ts";
import { Scrub } from "./scrub.ts";
import { ScrubPass } from "./scrubPass.ts";
import { sweepUploads } from "./sweep.ts";

declare const self: Worker;

type Job<K> = Extract<MaintenanceRequest, { readonly kind: K }>;

const report = (message: MaintenanceReport): void => self.postMessage(message);
/** Trips when a sync fails here, or when the server says that one failed there. */
const latch = new WriteLatch((reason) => report({ kind: "latched", reason }));
const stopping = new AbortController();
let opening: Promise<Ports> | null = null;

/** Once, by the first job that needs them; jobs that begin meanwhile wait for the same. */
async function portsOf(store: Store): Promise<Ports> {
  opening ??= openPorts(store, { latch, role: "worker" });
  try {
    return await opening;
  } catch (error) {
    opening = null;
    throw error;
  }
}

async function moveLog({ store }: Job<"checkpoint">): Promise<void> {
  latch.assertWritable();
  const { log } = await portsOf(store);
  const startedAt = performance.now();
  const { logPages, checkpointedPages } = log.move();
  const durationMs = performance.now() - startedAt;
  report({ kind: "checkpointed", logPages, checkpointedPages, durationMs });
}

/**
 * The time of an order. If the clock was set back since, new rows have earlier times; they must not look old.
 */
const ageNowOf = (now: number | null, clock: () => number) => () =>
  now === null ? null : Math.min(now, clock());

async function sweep({
  store,
  now,
  hold,
  timeoutMs,
  staleMs,
  firstSeen,
  audit,
}: Job<"sweep">): Promise<void> {
  const startedAt = performance.now();
  const { metadata, storage, clock } = await portsOf(store);
  const seen = new Map(firstSeen);
  let dropped = 0;
  const deps = {
    metadata: { ...metadata.uploads, ...metadata.uploadSweep },
    storage,
    clock,
    ageNow: ageNowOf(now, clock),
    hold: hold ?? null,
    firstSeen: seen,
    rest: (ms: number) => Bun.sleep(ms),
    onDropped: (upload: Extract<MaintenanceReport, { kind: "dropped" }>["upload"]) => {
      dropped += 1;
      report({ kind: "dropped", upload });
    },
  };
  const undeleted = await sweepUploads(deps, timeoutMs, staleMs);
  await pruneAudit({ metadata: metadata.audit, rest: deps.rest }, audit, deps.ageNow());
  const stored = await metadata.inspection.countAll();
  const durationMs = performance.now() - startedAt;
  report({ kind: "swept", dropped, undeleted, durationMs, firstSeen: seen, stored });
}

async function sweepParts(job: Job<"sweepMultipart">): Promise<void> {
  const { store, now, hold, arriving, limits } = job;
  const startedAt = performance.now();
  const { metadata, storage, clock } = await portsOf(store);
  const deps = {
    metadata: metadata.multipartLife,
    storage,
    clock,
    ageNow: ageNowOf(now, clock),
    hold: hold ?? null,
    arriving,
    rest: (ms: number) => Bun.sleep(ms),
    onExpired: (upload: Extract<MaintenanceReport, { kind: "expired" }>["upload"]) =>
      report({ kind: "expired", upload }),
  };
  const swept = await sweepMultipart(deps, limits);
  report({ kind: "multipartSwept", ...swept, durationMs: performance.now() - startedAt });
}

/** Lets others have their turn between two batches, and ends the run of a server that stops. */
async function rest(ms: number): Promise<void> {
  stopping.signal.throwIfAborted();
  await Bun.sleep(ms);
}

async function collect({ store, request }: Job<"collect">): Promise<void> {
  giveWay();
  const { metadata, storage, clock, clockErrorMs, isBackingUp } = await portsOf(store);
  const self = await nameProcess();
  const deps = {
    metadata: gcMetadata(metadata),
    untagged: metadata.untagged,
    runs: metadata.gcRuns,
    storage,
    ...{ clock, clockErrorMs },
    readUptime,
    self,
    // Only the worker of this process collects, one order at a time: a holder of the lock with its name has died.
    isAlive: (other: string) => other !== self && isProcessAlive(other, self),
    ...{ isBackingUp, rest },
  };
  const { run, notes, untagged, durationMs } = await collectGarbage(deps, request);
  report({
    kind: "collected",
    run,
    notes,
    untagged,
    durationMs,
    isStopped: stopping.signal.aborted,
  });
}

async function check({ store, order }: Job<"check">): Promise<void> {
  giveWay();
  const startedAt = performance.now();
  const { metadata, storage, clock } = await portsOf(store);
  const { signal } = stopping;
  const deps = { metadata, storage, derive: readStoredManifest, clock, signal };
  const { id, full } = order;
  const { run } = await inspectAndRecord(
    { ...deps, checks: metadata.checks, now: () => performance.now() },
    { id, request: { full, repair: false } },
  );
  report({ kind: "checked", run, durationMs: performance.now() - startedAt });
}

async function backup({ store, order }: Job<"backup">): Promise<void> {
  latch.assertWritable();
  giveWay();
  const run = await backUpBySchedule(await portsOf(store), store, {
    ...order,
    signal: stopping.signal,
  });
  report({ kind: "backedUp", run });
}

let reading: Scrub | null = null;
let pass: ScrubPass | null = null;

async function scrub({ store, order }: Job<"scrub">): Promise<void> {
  latch.assertWritable();
  const { metadata, storage, clock } = await portsOf(store);
  const now = (): number => performance.now();
  pass ??= new ScrubPass({ checks: metadata.checks, clock, now, newId });
  const passing = pass;
  reading ??= new Scrub({
    metadata: { ...metadata.inspection, ...metadata.manifestInspection },
    storage,
    ...{ clock, now },
    sleep: (ms) => Bun.sleep(ms),
    onDamaged: (found, finding) => {
      passing.damaged(finding);
      report({ kind: "damaged", found });
    },
    onUnreadable: (found) => {
      passing.unreadable(found);
      report({ kind: "unreadable", found });
    },
  });
  await passing.begin(order.since);
  const slice = await reading.slice(order);
  await passing.take(slice);
  report({ kind: "scrubbed", since: order.since, ...slice });
}

async function end(): Promise<void> {
  await reading?.close();
  const ports = await opening?.catch(() => null);
  await ports?.close();
  // In a worker this ends the worker, and gives its memory back.
  process.exit(0);
}

async function take(request: MaintenanceRequest): Promise<void> {
  switch (request.kind) {
    case "checkpoint":
      return moveLog(request);
    case "sweep":
      return sweep(request);
    case "sweepMultipart":
      return sweepParts(request);
    case "collect":
      return collect(request);
    case "scrub":
      return scrub(request);
    case "check":
      return check(request);
    case "backup":
      return backup(request);
    case "stop":
      return;
    case "halt":
      return latch.trip("a sync failed in the server", null);
    case "end":
      return end();
    default:
      request satisfies never;
  }
}

/** Jobs are done in turn. The orders to halt and to stop overtake, and a check or a backup, which may take hours, runs beside the others. */
let turn: Promise<void> = Promise.resolve();

/** @returns when it has ended, well or not. */
const answer = (data: MaintenanceRequest): Promise<void> =>
  take(data).catch((error: unknown) => {
    const isStopped = error === stopping.signal.reason;
    report({ kind: "failed", what: data.kind, isStopped, message: String(error) });
  });

self.onmessage = ({ data }: MessageEvent<MaintenanceRequest>) => {
  if (data.kind === "halt") latch.trip("a sync failed in the server", null);
  if (data.kind === "stop") stopping.abort(new Error("the server was stopped"));
  if (data.kind === "check" || data.kind === "backup") void answer(data);
  else turn = turn.then(() => answer(data));
};
