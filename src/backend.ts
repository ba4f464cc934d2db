// The rooms that requests use, each made of the configuration and the opened ports. Apart from wiring.ts, which opens and closes.

import { newId } from "./ambient.ts";
import type { AgeClock } from "./clock/ageClock.ts";
import { listenerOf } from "./config/listener.ts";
import type { Config } from "./config/settings.ts";
import { hookInfos } from "./config/webhooks.ts";
import { OverdueReleases } from "./content/claim.ts";
import type { Checks } from "./fsck/checks.ts";
import type { GcRuns } from "./gc/runs.ts";
import type { Backend } from "./http/services.ts";
import { openImages } from "./images/deps.ts";
import { UnfinishedBook } from "./images/unfinished.ts";
import type { OpenedAccess } from "./login.ts";
import type { BackupStanding } from "./metadata/backups.ts";
import type { Digest } from "./model/digest.ts";
import { makeUploadId } from "./model/uploadId.ts";
import { Arrivals } from "./objects/arrivals.ts";
import type { ObjectsDeps } from "./objects/deps.ts";
import { PartTurns } from "./objects/turns.ts";
import type { Ports } from "./ports.ts";
import { readImage } from "./registry/imageNames.ts";
import { makeImmutability } from "./registry/immutableTags.ts";
import { PullBook } from "./registry/pulls.ts";
import type { Log } from "./telemetry/log.ts";
import { Metrics } from "./telemetry/metrics.ts";
import type { UploadsDeps } from "./uploads/uploads.ts";

/** The open dependencies of requests. */
interface Parts {
  readonly config: Config;
  readonly log: Log;
  readonly ports: Ports;
  readonly entry: OpenedAccess;
  readonly uploads: UploadsDeps;
  readonly objects: ObjectsDeps;
  readonly pulls: PullBook;
  readonly gcRuns: GcRuns;
  readonly checks: Checks;
  readonly backups: () => Promise<BackupStanding>;
  readonly unfinished: UnfinishedBook;
  readonly metrics: Metrics;
}

/** Upload sessions. */
export function makeUploads(
  { config }: Pick<Parts, "config">,
  { metadata, storage, clock }: Ports,
  ageNow: AgeClock["now"],
): UploadsDeps {
  return {
    ...{ metadata: metadata.uploads, contents: metadata.contents, storage },
    overdue: new OverdueReleases(),
    ...{ clock, ageNow, newId, leaseMs: config["gc.minAge"] },
  };
}

/** Objects, and the parts that they come in. */
export function makeObjects(
  { config, log }: Pick<Parts, "config" | "log">,
  { metadata, storage, clock }: Ports,
  shared: Pick<ObjectsDeps, "overdue" | "ageNow">,
): ObjectsDeps {
  return {
    ...{ metadata: metadata.objects, registry: metadata.registry, contents: metadata.contents },
    ...{ multipart: metadata.multipart, multipartLife: metadata.multipartLife },
    ...{ storage, ...shared, turns: new PartTurns(), arrivals: new Arrivals(), clock, newId },
    newUploadId: () => makeUploadId(newId()),
    limits: {
      maxParts: config["storage.multipart.maxParts"],
      maxPartBytes: config["storage.multipart.maxPartBytes"],
      ttlMs: config["storage.multipart.maxUploadTtlSeconds"],
    },
    onDamage: reportDamage(log),
  };
}

/** How long pulls are gathered before they are written: each writing empties what is kept in memory of rows. ms. */
const pullsEveryMs = 60_000;

/** When manifests were last pulled; not noted while nothing is written, or the clock is in doubt. */
export function makePulls(
  { config, log }: Pick<Parts, "config" | "log">,
  { metadata, latch }: Pick<Ports, "metadata" | "latch">,
  ageNow: AgeClock["now"],
): PullBook {
  const isReadOnly = config["registry.readOnly"];
  return new PullBook({
    metadata: metadata.history,
    now: () => (isReadOnly || latch.reason !== null ? null : ageNow()),
    everyMs: pullsEveryMs,
    rest: Bun.sleep,
    onLost: (err) => log.debug({ err }, "the times of some pulls could not be written"),
  });
}

/** Content that differs from its row is logged as an error, whichever request found it. */
const reportDamage = (log: Log) => (digest: Digest) =>
  log.error({ digest }, "stored content is damaged or missing");

/** Open uploads, for metrics and pages alike. */
export const countUnfinished = ({ metadata, clock }: Ports): UnfinishedBook =>
  new UnfinishedBook({ rows: metadata, clock, rest: Bun.sleep });

/** Counters of what requests and maintenance do, and gauges of the store. */
export function makeMetrics({
  config,
  ports,
  entry,
  gcRuns,
  checks,
  backups,
  unfinished,
}: Omit<Parts, "log" | "uploads" | "objects" | "pulls" | "metrics">): Metrics {
  const hasWebhooks = config.webhooks.length > 0;
  const { metadata, storage, latch } = ports;
  return new Metrics({
    readSpace: () => storage.space(),
    countEvents: hasWebhooks ? () => metadata.webhooks.countEvents() : null,
    countUploads: async () => (await unfinished.read()).sessions,
    countMultipart: async () => (await unfinished.read()).inParts,
    isReadOnly: () => latch.reason !== null,
    isOpen: async () => entry.access.isOpen(),
    ...{ gcRuns, checks, readBackups: backups },
  });
}

/** After a start; ms. */
const countAfterMs = 2_000;

/** The rooms as requests see them. */
export function makeBackend(parts: Parts): Backend {
  const { config, log, ports, entry, uploads, objects, pulls, gcRuns, checks, metrics } = parts;
  const { latch, metadata, storage, clock } = ports;
  const registry = {
    ...{ metadata: metadata.registry, history: metadata.history, contents: metadata.contents },
    ...{ storage, clock, leaseMs: config["gc.minAge"] },
    manifestMaxBytes: config["registry.manifestMaxSize"],
    immutable: makeImmutability(config["registry.immutableTags"]),
    sparse: config["registry.sparse"],
    onDamage: reportDamage(log),
  };
  const images = openImages({
    ...{ rows: metadata, registry, minAgeMs: registry.leaseMs, rest: Bun.sleep },
    unfinished: parts.unfinished,
  });
  // Who looks first at a large store finds its sizes counted. One that cannot be read says so elsewhere.
  void Bun.sleep(countAfterMs)
    .then(() => images.book.prepare())
    .catch(() => {});
  return {
    ...{ access: entry.access, sessions: entry.sessions, management: entry.management },
    ...{ registry, images, pulls },
    status: {
      ...{ gcRuns: metadata.gcRuns, checks, access: metadata.access, clock },
      backups: parts.backups,
      space: () => storage.space(),
      server: async () => ({
        ...listenerOf(config),
        door: await entry.access.state(),
        ...{ isRunning: true, readOnlySince: latch.reason },
      }),
    },
    uploads,
    objects,
    why: { metadata: metadata.usage, clock, minAgeMs: registry.leaseMs, readImage },
    ...{ gcRuns, checks },
    operate: {
      metadata: { ...metadata.uploads, ...metadata.uploadSweep },
      ...{ storage, clock },
    },
    uploadTimeoutMs: config["storage.uploadTimeout"],
    audit: metadata.audit,
    webhooks: { hooks: hookInfos(config.webhooks), metadata: metadata.webhooks, clock },
    telemetry: { log, metrics },
    latch,
    ready: async () => {
      latch.assertWritable();
      await Promise.all([metadata.check(), storage.check()]);
    },
  };
}
