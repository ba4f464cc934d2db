// What the bench measures of upload sessions: sweeping ten thousand that were left, going on after a restart, and the memory of many.
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type RunningRegistry, startBreadbox } from "../support/binary.ts";
import { Connection } from "../support/connection.ts";
import { run, tempFolder, waitFor } from "../support/processes.ts";
import { askFor, locationPath, startUpload } from "../support/rawUploads.ts";
import { Scope } from "../support/scope.ts";
import { atMost, type Figure, memory, own, seconds, time } from "./goals.ts";
import { type Metric, mebibyte, median, type Values } from "./metric.ts";
import { Prober, quantile } from "./prober.ts";

const systems = ["breadbox"] as const;
const body = (size: number) => ({ head: new Uint8Array(), block: new Uint8Array(mebibyte), size });

/** Opens sessions over several connections, each with one chunk of so many bytes. */
async function openSessions(port: number, count: number, chunk: number): Promise<void> {
  const lanes = 16;
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      const connection = await Connection.open(port);
      for (let n = lane; n < count; n += lanes) {
        const path = locationPath(await startUpload(connection, "bench/open"));
        await askFor(connection, [202], { method: "PATCH", path, body: body(chunk) });
      }
      connection.close();
    }),
  );
}

/** Folders as a crash leaves them: staged bytes and a start time, and no row. */
function leaveFolders(data: string, count: number): void {
  const startedAt = new Date(Date.now() - 86_400_000).toISOString();
  for (let n = 0; n < count; n += 1) {
    const folder = join(data, "uploads", crypto.randomUUID());
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "startedat"), startedAt);
    writeFileSync(join(folder, "data"), new Uint8Array(4096));
  }
}

/** Every folder is a link to its parent: counted without reading ten thousand names. */
const sessionsIn = (data: string): number => statSync(join(data, "uploads")).nlink - 2;

const sweeping = { REGISTRY_UPLOAD_TIMEOUT: "1s", BREADBOX_STORAGE_CLEANUP_INTERVAL: "2s" };

/** Starts on these data, and asks until all sessions in them are gone, and for so many ms at the least. */
async function startOn(data: string, leastMs: number) {
  await using scope = new Scope();
  const started = performance.now();
  const registry = await startBreadbox(scope, { data, pollMs: 1, env: sweeping });
  const readyMs = performance.now() - started;
  const prober = new Prober(registry.port, "/v2/");
  await waitFor("the sweep", () => sessionsIn(data) === 0, { timeoutMs: 300_000, everyMs: 20 });
  const sweptMs = performance.now() - started;
  await Bun.sleep(Math.max(0, leastMs - sweptMs));
  const p99 = quantile(await prober.stop(), 0.99);
  return { readyMs, sweptMs, p99 };
}

/** @param leave leaves so many sessions with a server that was just started, and ends it. */
const sweep = (
  prefix: string,
  leave: (registry: RunningRegistry, count: number) => Promise<void>,
): Metric => ({
  systems,
  rounds: 3,
  run: async ({ quick }): Promise<Values> => {
    await using scope = new Scope();
    const data = join(tempFolder(scope, "bench"), "data");
    await leave(await startBreadbox(scope, { data }), quick ? 500 : 10_000);
    const { readyMs, sweptMs, p99 } = await startOn(data, 0);
    // The same start, with nothing to sweep.
    const quiet = await startOn(data, sweptMs);
    return {
      [`${prefix}Ready`]: readyMs,
      [`${prefix}Swept`]: sweptMs / 1000,
      [`${prefix}QuietP99`]: quiet.p99,
      [`${prefix}P99`]: p99,
    };
  },
});

const leftSessions = sweep("left", async (registry, sessions) => {
  await registry.stop();
  leaveFolders(registry.data, sessions);
});

const expiredSessions = sweep("expired", async (registry, sessions) => {
  await openSessions(registry.port, sessions, 4096);
  await registry.kill9();
  await Bun.sleep(1_500);
});

/** SHA-256 of so many zeros. */
function digestOfZeros(size: number): string {
  const hasher = new Bun.CryptoHasher("sha256");
  const block = new Uint8Array(mebibyte);
  for (let at = 0; at < size; at += mebibyte) hasher.update(block);
  return hasher.digest("hex");
}

/** A server that is killed in the middle of an upload. */
interface Resumed {
  readonly scope: Scope;
  readonly registry: RunningRegistry;
  readonly path: string;
  readonly offset: number;
}

/** Starts it again and sends the next chunk, with the staged file in memory or without. @returns how long that chunk took, ms. */
async function goOn({ scope, registry, path, offset }: Resumed, cache: "warm" | "cold") {
  await registry.kill9();
  const { data, port } = registry;
  const staged = join(data, "uploads", path.split("/").at(-1) ?? "", "data");
  // dd(1): takes this one file out of memory.
  if (cache === "cold") await run(["dd", `if=${staged}`, "iflag=nocache", "count=0"]);
  const again = await startBreadbox(scope, { data, port });
  const connection = await Connection.open(port);
  const asked = performance.now();
  const headers = { "Content-Range": `${offset}-${offset + mebibyte - 1}` };
  await askFor(connection, [202], { method: "PATCH", path, headers, body: body(mebibyte) });
  const ms = performance.now() - asked;
  connection.close();
  return { ms, resumed: { scope, registry: again, path, offset: offset + mebibyte } };
}

/** @returns how long the closing PUT took, s: the server reads the staged bytes again. */
async function close({ registry, path, offset }: Resumed): Promise<number> {
  const closing = `${path}?digest=sha256:${digestOfZeros(offset)}`;
  const connection = await Connection.open(registry.port);
  const asked = performance.now();
  await askFor(connection, [201], { method: "PUT", path: closing });
  const ms = performance.now() - asked;
  connection.close();
  return ms / 1000;
}

const resume: Metric = {
  systems,
  rounds: 2,
  run: async ({ quick }): Promise<Values> => {
    await using scope = new Scope();
    const registry = await startBreadbox(scope);
    const first = await Connection.open(registry.port);
    const path = locationPath(await startUpload(first, "bench/resume"));
    const offset = (quick ? 64 : 10 * 1024) * mebibyte;
    await askFor(first, [202], { method: "PATCH", path, body: body(offset) });
    let resumed: Resumed = { scope, registry, path, offset };
    const times: Record<"warm" | "cold", number[]> = { warm: [], cold: [] };
    for (const cache of ["warm", "cold", "warm", "cold", "warm", "cold"] as const) {
      const next = await goOn(resumed, cache);
      times[cache].push(next.ms);
      resumed = next.resumed;
    }
    return {
      ...{ resumeWarm: median(times.warm), resumeCold: median(times.cold) },
      resumeClosing: await close(resumed),
      resumeMemory: resumed.registry.peakRssBytes() / mebibyte,
    };
  },
};

const openTogether: Metric = {
  systems,
  rounds: 3,
  run: async ({ system, quick }): Promise<Values> => {
    // What the first upload costs is not what sessions cost.
    await openSessions(system.port, 16, 300_000);
    await Bun.sleep(2_000);
    const before = system.rssBytes();
    system.resetPeakRss();
    await openSessions(system.port, quick ? 100 : 1_000, 300_000);
    await Bun.sleep(2_000);
    return {
      openSessions: (system.rssBytes() - before) / mebibyte,
      openSessionsPeak: (system.peakRssBytes() - before) / mebibyte,
    };
  },
};

/** Metrics of upload sessions by the name that `--only` takes. */
export const sessionMetrics = { leftSessions, expiredSessions, resume, openTogether };

const swept = (prefix: string, what: string): Readonly<Record<string, Figure>> => ({
  [`${prefix}Ready`]: { label: `10,000 ${what}: ready`, ...time, goal: atMost(2_000) },
  [`${prefix}Swept`]: {
    label: "they are removed, from the start on",
    ...seconds,
    goal: atMost(30),
  },
  [`${prefix}QuietP99`]: { label: "p99 of GET /v2/ after a start with none", ...time },
  [`${prefix}P99`]: {
    label: "the same until they are removed",
    ...time,
    goal: own(2, "≤", `${prefix}QuietP99`),
  },
});

/** Rows of the table, in their order. */
export const sessionFigures: Readonly<Record<string, Figure>> = {
  ...swept("left", "folders of sessions that a crash left"),
  ...swept("expired", "expired sessions with row and bytes"),
  resumeWarm: {
    label: "10 GiB were sent, restart: the next chunk of 1 MiB",
    ...time,
    goal: atMost(100),
  },
  resumeCold: {
    label: "the same, when none of the 10 GiB is in memory",
    ...time,
    goal: atMost(100),
  },
  resumeClosing: { label: "closing PUT after it", ...seconds },
  resumeMemory: { label: "highest memory of the server meanwhile", ...memory },
  openSessions: { label: "1,000 open sessions with 300 kB each", ...memory, goal: atMost(64) },
  openSessionsPeak: { label: "the most while they are opened", ...memory },
};
