// A registry that listens on a free port over a real store, and a few words to talk to it.

import { Writable } from "node:stream";
import pino from "pino";
import { Access } from "../../../src/access/access.ts";
import { BrowserSessions } from "../../../src/access/browserSessions.ts";
import type { AuthMode } from "../../../src/access/deps.ts";
import type { HtpasswdFile } from "../../../src/access/htpasswdFile.ts";
import { LoginTrail } from "../../../src/access/loginTrail.ts";
import type { WorkloadEvent } from "../../../src/access/workloads.ts";
import { readBackups } from "../../../src/backup/watch.ts";
import { type CheckOrder, Checks } from "../../../src/fsck/checks.ts";
import type { GcRequest } from "../../../src/gc/gcRun.ts";
import { GcRuns } from "../../../src/gc/runs.ts";
import type { Switches } from "../../../src/http/guard.ts";
import type { TlsMaterial } from "../../../src/http/listener.ts";
import { countingIds } from "../../../src/http/observe.ts";
import { type HttpOptions, startHttp } from "../../../src/http/server.ts";
import type { Backend } from "../../../src/http/services.ts";
import { openImages } from "../../../src/images/deps.ts";
import { UnfinishedBook } from "../../../src/images/unfinished.ts";
import type { AccountsMetadata } from "../../../src/metadata/access.ts";
import { readImage } from "../../../src/registry/imageNames.ts";
import { makeImmutability } from "../../../src/registry/immutableTags.ts";
import { PullBook } from "../../../src/registry/pulls.ts";
import { logLogin } from "../../../src/telemetry/events.ts";
import { type LogLevel, loggerOptions } from "../../../src/telemetry/log.ts";
import { Metrics } from "../../../src/telemetry/metrics.ts";
import type { HookInfo } from "../../../src/webhooks/operate.ts";
import { type RawAnswer, request, talk } from "../../support/rawHttp.ts";
import { leaseMs, openStore } from "../../support/store.ts";

/** Largest manifest of the test registry, bytes. */
export const manifestMaxBytes = 1_048_576;

/** What a test may want to be different. */
export interface RegistryOptions
  extends Partial<
    Pick<
      HttpOptions,
      "hosts" | "proxies" | "maxBodyBytes" | "chunkMinBytes" | "pace" | "metrics" | "explorer"
    >
  > {
  readonly logLevel?: LogLevel;
  readonly hooks?: readonly HookInfo[];
  /** Without it nobody has to log in. */
  readonly auth?: AuthMode;
  /** False: others reach it as well. */
  readonly isLoopback?: boolean;
  /** A file of users. */
  readonly htpasswd?: HtpasswdFile;
  readonly switches?: Partial<Switches>;
  /** Names that the machine has. */
  readonly names?: readonly string[];
  readonly tls?: TlsMaterial;
  readonly authority?: string;
  /** Makes the set-up link of the registry. */
  readonly setup?: (access: Access, accounts: AccountsMetadata) => HttpOptions["setup"];
  /** Changes what is behind the API before it is served. */
  readonly change?: (backend: Backend) => Backend;
}

/** A webhook of a test registry. Nothing is delivered. */
export const deployHook: HookInfo = {
  ...{ name: "deploy", url: "https://ci.example.com/hooks", format: "cloudevents" },
  ...{ topics: ["push"], repositories: ["**"], isSigned: true },
};

/** One line of the log, parsed. */
export type LogLine = Readonly<Record<string, unknown>>;

/** Starts a registry; `await using` stops and removes it. */
export async function openRegistry(options: RegistryOptions = {}) {
  const store = await openStore();
  const lines: LogLine[] = [];
  const { metadata, storage, registry, uploads, objects, latch } = store.rooms;
  const { htpasswd = null } = options;
  const newId = () => Bun.randomUUIDv7();
  const orders: GcRequest[] = [];
  const checkOrders: CheckOrder[] = [];
  const workloads: WorkloadEvent[] = [];
  const gcRuns = new GcRuns({
    runs: metadata.gcRuns,
    clock: store.clock.now,
    newId,
    isAlive: () => true,
    settings: {
      ...{ minAgeMs: leaseMs, leaseMs, uploadsMs: 0, restoreGraceMs: 0, brakeShare: 0.25 },
      ...{ dryRun: false, untaggedOlderThanMs: null, untaggedUsuallyMs: 604_800_000 },
    },
    order: (order) => orders.push(order),
  });
  const checks = new Checks({
    ...{ checks: metadata.checks, clock: store.clock.now, newId },
    ...{ owner: "here", isAlive: () => true, order: (order) => checkOrders.push(order) },
  });
  const backups = () =>
    readBackups({
      ...{ backups: metadata.backups, clock: store.clock.now },
      ...{ maxAgeMs: 2 * 86_400_000, isScheduled: false },
    });
  const unfinished = new UnfinishedBook({
    ...{ rows: metadata, clock: store.clock.now, rest: Bun.sleep },
  });
  const metrics = new Metrics({
    readBackups: backups,
    countEvents: null,
    readSpace: () => storage.space(),
    countUploads: async () => (await unfinished.read()).sessions,
    countMultipart: async () => (await unfinished.read()).inParts,
    isReadOnly: () => latch.reason !== null,
    isOpen: async () => access.isOpen(),
    ...{ gcRuns, checks },
  });
  const log = pino(loggerOptions(options.logLevel ?? "info"), lineSink(lines));
  const trail = new LoginTrail({
    metadata: metadata.audit,
    clock: store.clock.now,
    now: store.clock.now,
    onEntry: (entry) => logLogin(log, entry),
    onLost: () => {},
  });
  const access = new Access({
    metadata: metadata.access,
    trust: metadata.trust,
    mode: options.auth ?? "none",
    isLoopback: options.isLoopback ?? true,
    htpasswd,
    clock: store.clock.now,
    now: store.clock.now,
    newId,
    trail,
    onWorkload: (event) => workloads.push(event),
  });
  await access.renewKey();
  const limited = { ...registry, manifestMaxBytes, immutable: makeImmutability(["locked*"]) };
  const pulls = new PullBook({
    ...{ metadata: metadata.history, rest: Bun.sleep },
    now: () => (latch.reason === null ? store.clock.now() : null),
    // Only when a test says so.
    everyMs: 2 ** 31 - 1,
    onLost: (error) => {
      throw error;
    },
  });
  const backend: Backend = {
    access,
    management: {
      ...{ accounts: metadata.accounts, trust: metadata.trust, access: metadata.access },
      ...{ htpasswd, clock: store.clock.now, newId },
    },
    sessions: new BrowserSessions({
      ...{ metadata: metadata.browserSessions, access, clock: store.clock.now },
    }),
    registry: limited,
    images: openImages({
      ...{ rows: metadata, registry: limited, minAgeMs: leaseMs, rest: Bun.sleep, unfinished },
    }),
    status: {
      ...{ gcRuns: metadata.gcRuns, checks, access: metadata.access, clock: store.clock.now },
      backups,
      space: async () => ({ free: 50, total: 100 }),
      server: async () => ({
        ...({ listen: "0.0.0.0:5000", scheme: "http", isRunning: true } as const),
        ...{ isLoopback: options.isLoopback ?? true, readOnlySince: latch.reason },
        door: await access.state(),
      }),
    },
    uploads,
    objects,
    pulls,
    ...{ gcRuns, checks },
    why: {
      ...{ metadata: metadata.usage, clock: store.clock.now, minAgeMs: leaseMs, readImage },
    },
    telemetry: { log, metrics },
    operate: {
      metadata: { ...metadata.uploads, ...metadata.uploadSweep },
      ...{ storage, clock: store.clock.now },
    },
    uploadTimeoutMs: 86_400_000,
    audit: metadata.audit,
    webhooks: {
      hooks: options.hooks ?? [],
      metadata: metadata.webhooks,
      clock: store.clock.now,
    },
    latch,
    ready: async () => {
      latch.assertWritable();
      await metadata.check();
    },
  };
  const http = startHttp({
    backend: options.change?.(backend) ?? backend,
    listen: { hostname: "127.0.0.1", port: 0 },
    ...{ tls: options.tls ?? null, oldestTls: "1.2", authority: options.authority ?? "CA\n" },
    setup: options.setup?.(access, metadata.accounts) ?? null,
    hosts: options.hosts ?? { loopbackOnly: false, url: "" },
    ownNames: () => options.names ?? [],
    maxBodyBytes: options.maxBodyBytes ?? 0,
    chunkMinBytes: options.chunkMinBytes ?? 0,
    pace: options.pace ?? { now: () => performance.now(), minBytesPerSecond: 1024 },
    switches: { delete: true, readOnly: false, multipart: true, ...options.switches },
    metrics: options.metrics ?? true,
    explorer: options.explorer ?? true,
    openGate: () => ({ admit: () => {}, renew: () => {}, close: () => {} }),
    proxies: options.proxies ?? [],
    redirected: [],
    newRequestId: countingIds("test"),
    readUnread: async () => null,
  });
  return {
    store,
    http,
    access,
    trail,
    lines,
    /** What jobs without a password did to the server. */
    workloads,
    gcRuns,
    /** When manifests were pulled; `write` instead of waiting. */
    pulls,
    /** Runs that were asked for: nobody does them here. */
    orders,
    checks,
    /** Checks that were asked for: nobody does them here. */
    checkOrders,
    url: `http://127.0.0.1:${http.port}`,
    /** One request exactly as written, on a connection of its own. */
    raw: (...what: Parameters<typeof request>) => raw(http.port, ...what),
    async [Symbol.asyncDispose](): Promise<void> {
      await http.drain(0);
      await trail.close();
      await pulls.write();
      await store.remove();
    },
  };
}

export type TestRegistry = Awaited<ReturnType<typeof openRegistry>>;

function lineSink(lines: LogLine[]): Writable {
  return new Writable({
    write(line, _encoding, done) {
      lines.push(JSON.parse(String(line)));
      done();
    },
  });
}

async function raw(port: number, ...what: Parameters<typeof request>): Promise<RawAnswer> {
  const head = what[0].startsWith("HEAD ");
  const { answers } = await talk(port, [request(...what)], { head });
  const [answer] = answers;
  if (answer === undefined) throw new Error(`no answer to ${what[0]}`);
  return answer;
}

/** The first error of an envelope. */
export function errorOf(answer: { readonly body: Uint8Array }): Readonly<Record<string, unknown>> {
  const envelope = JSON.parse(Buffer.from(answer.body).toString());
  return envelope.errors[0];
}
