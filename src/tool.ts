// Config → a data directory that is open for a command. Apart from the server's assembly, which loads much that no command needs.

import { accountsTool } from "./access/manage.ts";
import { trustTool } from "./access/manageTrust.ts";
import { giveWay, isProcessAlive, nameProcess, nameUser, newId, readUptime } from "./ambient.ts";
import { readBackups } from "./backup/watch.ts";
import { assertClock } from "./clock/clockWatch.ts";
import { gcSettings } from "./config/gc.ts";
import { isLoopback } from "./config/listen.ts";
import { listenerOf } from "./config/listener.ts";
import type { LoadedConfig } from "./config/load.ts";
import { type AdoptedConfig, adoptServed, readServed } from "./config/served.ts";
import type { Config } from "./config/settings.ts";
import { storeOf } from "./config/store.ts";
import { hookInfos } from "./config/webhooks.ts";
import { WriteLatch } from "./durability/writeLatch.ts";
import { type CheckSource, checksTool } from "./fsck/checksTool.ts";
import type { FsckProgress, FsckRequest } from "./fsck/fsckRun.ts";
import { checkByCommand, type Recorded } from "./fsck/recorded.ts";
import { standingProblems } from "./fsck/standing.ts";
import { explainContent } from "./fsck/why.ts";
import { type PrintedExplanation, printAnswer } from "./fsck/whyPrinted.ts";
import { collectByCommand } from "./gc/gc.ts";
import { longestAge } from "./gc/gcAges.ts";
import {
  type GcListener,
  type GcReport,
  type GcRequest,
  type GcSettings,
  gcMetadata,
} from "./gc/gcRun.ts";
import { openImages } from "./images/deps.ts";
import { type ImageSource, imagesTool } from "./images/imagesTool.ts";
import { UnfinishedBook } from "./images/unfinished.ts";
import { importFrom } from "./import/import.ts";
import { type Asked, openSource } from "./import/open.ts";
import type { ImportProgress, ImportReport, ImportRequest } from "./import/report.ts";
import { openHtpasswd } from "./login.ts";
import type { AuditMetadata, Author } from "./metadata/audit.ts";
import type { StoredPush } from "./metadata/history.ts";
import type { UploadSession } from "./metadata/metadata.ts";
import { dropParts, openParts, type PartsOverview } from "./objects/operate.ts";
import { findStore, openPorts, type Ports, receiving } from "./ports.ts";
import { findPushes } from "./registry/history.ts";
import { readImage } from "./registry/imageNames.ts";
import { makeImmutability } from "./registry/immutableTags.ts";
import { readStoredManifest } from "./registry/manifest.ts";
import {
  type DroppedPage,
  dropUpload,
  dropUploads,
  openUploads,
  sumUploads,
  type UploadOverview,
  type UploadSums,
} from "./uploads/operate.ts";
import {
  listDeadLetters,
  listWebhooks,
  lookEveryMs,
  retryDeadLetters,
  testWebhook,
  watchTest,
} from "./webhooks/operate.ts";

/** A data directory that is open for a command, while its server is running or not. */
export interface Tool {
  /** True when opening it brought the database of an older version up to date. */
  readonly upgraded: boolean;
  /** The dependencies of `src/uploads/operate.ts`. */
  listUploads(): AsyncIterable<readonly UploadOverview[]>;
  /** `src/objects/operate.ts`: uploads in parts. */
  listParts(): AsyncIterable<readonly PartsOverview[]>;
  dropParts(id: string): Promise<PartsOverview | null>;
  sumUploads(idleMs: number | null): Promise<UploadSums>;
  dropUpload(id: string): Promise<UploadSession | null>;
  dropUploads(idleMs: number | null): AsyncIterable<DroppedPage>;
  /** `src/fsck/recorded.ts`. */
  fsck(request: FsckRequest, onProgress: (progress: FsckProgress) => void): Promise<Recorded>;
  /** `src/fsck/checks.ts`. */
  readonly checks: CheckSource;
  /** The lease of pushed content (`gc.minAge`), in ms. */
  readonly leaseMs: number;
  /** How long ago untagged manifests must have been pushed to be deleted, in ms; null: they stay. */
  readonly untaggedOlderThanMs: number | null;
  /** Their age where it is not given, ms. */
  readonly untaggedUsuallyMs: number;
  /** `src/gc/gc.ts`. What is not asked for is as it is set. */
  collectGarbage(
    asked: Pick<GcRequest, "dryRun"> & Partial<GcSettings>,
    listener: GcListener,
  ): Promise<GcReport>;
  /** `src/access/manage.ts`. */
  readonly accounts: ReturnType<typeof accountsTool>;
  /** `src/webhooks/operate.ts`. */
  readonly webhooks: ReturnType<typeof webhookTool>;
  /** Entries of the audit trail, the latest first. */
  listAudit: AuditMetadata["listEntries"];
  /** `src/access/manageTrust.ts`. */
  readonly trust: ReturnType<typeof trustTool>;
  /** `src/images/`. */
  readonly images: ImageSource;
  /** `src/fsck/why.ts`. @throws RegistryError as `printAnswer` */
  explain(name: string): Promise<PrintedExplanation>;
  /** `src/registry/history.ts`: pushes of `REPO:TAG`, `REPO@DIGEST` or a digest, the latest first; null for another text. */
  listPushes(name: string): Promise<readonly StoredPush[] | null>;
  close(): Promise<void>;
}

/** The configuration of a command: what a running server shares of its own comes first. */
export async function asServed(loaded: LoadedConfig): Promise<AdoptedConfig> {
  const { config } = loaded;
  const served = readServed(config.data);
  const isRunning = served !== null && isProcessAlive(served.process, await nameProcess());
  return isRunning ? adoptServed(loaded, served) : { config, notes: [] };
}

type UploadsTool = Pick<
  Tool,
  "listUploads" | "sumUploads" | "dropUpload" | "dropUploads" | "listParts" | "dropParts"
>;

/** Commands that use ages are refused while the clock is in doubt: ClockDoubtedError. */
function uploadsTool(config: Config, { metadata, storage, clock }: Ports): UploadsTool {
  const deps = { metadata: { ...metadata.uploads, ...metadata.uploadSweep }, storage, clock };
  const inParts = { multipartLife: metadata.multipartLife, clock, storage };
  const patienceMs = longestAge(gcSettings(config));
  const watched = { metadata: metadata.clock, clock, readUptime };
  return {
    listUploads: () => openUploads(deps),
    listParts: () => openParts(inParts),
    dropParts: (id) => dropParts(inParts, id),
    sumUploads: async (idleMs) => {
      if (idleMs !== null) await assertClock(watched, patienceMs);
      return sumUploads(deps, idleMs);
    },
    dropUpload: (id) => dropUpload(deps, id),
    async *dropUploads(idleMs) {
      if (idleMs !== null) await assertClock(watched, patienceMs);
      yield* dropUploads(deps, idleMs);
    },
  };
}

/** A test is watched for longer than an attempt may take. */
function webhookTool(config: Config, { metadata, clock }: Ports) {
  const deps = { hooks: hookInfos(config.webhooks), metadata: metadata.webhooks, clock };
  const longest = Math.max(0, ...config.webhooks.map(({ timeoutMs }) => timeoutMs)) + 5_000;
  const watching = { rest: Bun.sleep, looks: Math.ceil(longest / lookEveryMs) };
  return {
    list: () => listWebhooks(deps),
    listDead: (name: string, page: Parameters<typeof listDeadLetters>[2]) =>
      listDeadLetters(deps, name, page),
    retry: (name: string, id: string | null) => retryDeadLetters(deps, name, id),
    test: async (name: string) => watchTest(deps, await testWebhook(deps, name), watching),
  };
}

/** What commands ask of images. */
function openImagesTool(config: Config, ports: Ports, by: Author): ImageSource {
  const { metadata, storage, clock } = ports;
  const registry = {
    ...{ metadata: metadata.registry, history: metadata.history, contents: metadata.contents },
    ...{ storage, clock, leaseMs: config["gc.minAge"] },
    manifestMaxBytes: config["registry.manifestMaxSize"],
    immutable: makeImmutability(config["registry.immutableTags"]),
    sparse: config["registry.sparse"],
  };
  const minAgeMs = config["gc.minAge"];
  const rest = Bun.sleep;
  const unfinished = new UnfinishedBook({ rows: metadata, clock, rest });
  const images = openImages({ rows: metadata, registry, minAgeMs, rest, unfinished });
  const status = {
    ...{ gcRuns: metadata.gcRuns, access: metadata.access, clock },
    checks: { findStanding: async () => standingProblems(await metadata.checks.listLatest()) },
    backups: () =>
      readBackups({
        ...{ backups: metadata.backups, clock, maxAgeMs: config["backup.maxAge"] },
        isScheduled: config["backup.target"] !== "",
      }),
    space: () => storage.space(),
    server: async () => ({
      ...listenerOf(config),
      ...{ door: await doorOf(config, metadata), readOnlySince: null },
      isRunning: await isServed(config),
    }),
  };
  return imagesTool(images, status, by);
}

/** True while a server is running on the data directory. */
async function isServed({ data }: Config): Promise<boolean> {
  const served = readServed(data);
  return served !== null && isProcessAlive(served.process, await nameProcess());
}

/** As the server would say it. */
async function doorOf(
  config: Config,
  { access }: Ports["metadata"],
): Promise<"open" | "empty" | "closed"> {
  if (config["auth.mode"] === "none") return "open";
  const { closed } = await access.findState();
  if (closed || config["auth.htpasswd"] !== "") return "closed";
  return config["auth.mode"] === "auto" && isLoopback(config["http.listen"]) ? "open" : "empty";
}

/** Opens what commands work on; creates nothing. @throws NoStoreError, and what else cannot be opened. */
export async function openTool(config: Config): Promise<Tool> {
  process.umask(0o077);
  // Opening the store may make this process one of another user.
  const by = { who: `command:${await nameUser()}`, address: null, requestId: null };
  const ports = await openPorts(storeOf(config), { latch: new WriteLatch(() => {}), role: "tool" });
  const { metadata, storage, clock, clockErrorMs } = ports;
  try {
    const self = await nameProcess();
    const settings = gcSettings(config);
    return {
      upgraded: ports.upgraded,
      ...uploadsTool(config, ports),
      accounts: accountsTool({
        ...{ accounts: metadata.accounts, access: metadata.access, trust: metadata.trust },
        ...{ clock, newId, by },
        htpasswd: openHtpasswd(config, () => {}),
      }),
      trust: trustTool({ trust: metadata.trust, accounts: metadata.accounts, clock, newId, by }),
      webhooks: webhookTool(config, ports),
      images: openImagesTool(config, ports, by),
      listAudit: (request) => metadata.audit.listEntries(request),
      fsck: (request, onProgress) => {
        const looked = { metadata, storage, derive: readStoredManifest, clock };
        const remembered = { checks: metadata.checks, now: () => performance.now(), newId };
        return checkByCommand({ ...looked, ...remembered, owner: self }, request, onProgress);
      },
      checks: checksTool(metadata.checks),
      explain: async (name) => {
        const deps = { metadata: metadata.usage, clock, minAgeMs: settings.minAgeMs, readImage };
        return printAnswer(name, await explainContent(deps, name));
      },
      listPushes: (name) => findPushes(metadata, name),
      leaseMs: settings.leaseMs,
      untaggedOlderThanMs: settings.untaggedOlderThanMs,
      untaggedUsuallyMs: config["gc.untagged.olderThan"],
      collectGarbage: (asked, listener) => {
        giveWay();
        const deps = {
          metadata: gcMetadata(metadata),
          ...{ untagged: metadata.untagged, runs: metadata.gcRuns },
          ...{ storage, clock, clockErrorMs, newId, readUptime, self, rest: Bun.sleep },
          isAlive: (process: string) => isProcessAlive(process, self),
          ...{ isBackingUp: ports.isBackingUp, isServed: () => isServed(config) },
        };
        return collectByCommand(deps, { ...settings, ...asked }, listener);
      },
      close: () => ports.close(),
    };
  } catch (error) {
    await ports.close();
    throw error;
  }
}

/** An import, and who is told of it. */
export interface ImportCommand extends Omit<Asked, "manifestMaxBytes"> {
  readonly request: ImportRequest;
  readonly onProgress: (progress: ImportProgress) => void;
}

/**
 * `src/import/import.ts` into the data directory, beside a running server or without one. Creates the directory, unless it is a dry run.
 * @throws SourceError, ForeignStoreError, and what else cannot be opened.
 */
export async function runImport(config: Config, command: ImportCommand): Promise<ImportReport> {
  const { request, onProgress } = command;
  const rules = {
    manifestMaxBytes: config["registry.manifestMaxSize"],
    immutable: makeImmutability(config["registry.immutableTags"]),
    sparse: config["registry.sparse"],
  };
  const source = openSource({ ...command, manifestMaxBytes: rules.manifestMaxBytes });
  // A directory may be taken over where it is: then both layouts are in it, until the old folders are deleted.
  const isThere = await findStore(config, source.isBelow(config.data));
  if (!isThere && request.dryRun) {
    return importFrom({ store: null, rules, rest: Bun.sleep }, source, request, onProgress);
  }
  process.umask(0o077);
  const ports = await openPorts(storeOf(config), {
    ...{ latch: new WriteLatch(() => {}), role: "importer", serving: receiving },
  });
  try {
    const { metadata, storage, clock } = ports;
    const store = { metadata, storage, clock, newId, leaseMs: config["gc.minAge"] };
    return await importFrom({ store, rules, rest: Bun.sleep }, source, request, onProgress);
  } finally {
    await ports.close();
  }
}
