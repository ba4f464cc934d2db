// `bun test/bench/sessions.ts [--only leftovers,resume,memory] [--quick]`: what upload sessions cost, on the compiled binary. Prints
// figures and judges nothing; docs/BENCHMARKS.md holds them with the machine they come from.
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startBreadbox } from "../support/binary.ts";
import { Connection } from "../support/connection.ts";
import { run, tempFolder, waitFor } from "../support/processes.ts";
import { askFor } from "../support/rawUploads.ts";
import { Scope } from "../support/scope.ts";
import { Prober, quantile } from "./prober.ts";

const mebibyte = 1 << 20;
const { values: options } = parseArgs({
  options: {
    only: { type: "string", default: "leftovers,resume,memory" },
    /** Smaller numbers: whether it runs, not what it costs. */
    quick: { type: "boolean", default: false },
  },
});

const note = (what: string, value: string | number): void => console.log(`${what}: ${value}`);
const rounded = (value: number, digits = 1): number => Number(value.toFixed(digits));

const spread = (times: readonly number[]): string =>
  `p50 ${rounded(quantile(times, 0.5), 2)} ms, p99 ${rounded(quantile(times, 0.99), 2)} ms, max ${rounded(
    quantile(times, 1),
    2,
  )} ms (${times.length} requests)`;

/** Every folder is a link to its parent: counted without reading ten thousand names. */
const sessionsIn = (data: string): number => statSync(join(data, "uploads")).nlink - 2;

const startPath = async (connection: Connection, name: string): Promise<string> => {
  const answer = await askFor(connection, [202], {
    method: "POST",
    path: `/v2/${name}/blobs/uploads/`,
  });
  return new URL(answer.headers.get("location") ?? "", "http://127.0.0.1").pathname;
};

const body = (size: number) => ({ head: new Uint8Array(), block: new Uint8Array(mebibyte), size });

/** Opens sessions over several connections, each with one chunk. */
async function openSessions(port: number, count: number, chunk: number): Promise<void> {
  const lanes = 16;
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      const connection = await Connection.open(port);
      for (let n = lane; n < count; n += lanes) {
        const path = await startPath(connection, "bench/open");
        if (chunk > 0)
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

const sweeping = { REGISTRY_UPLOAD_TIMEOUT: "1s", BREADBOX_STORAGE_CLEANUP_INTERVAL: "2s" };

type Prepare = (scope: Scope, data: string) => Promise<void>;

/** Starts on what `prepare` left, follows the first sweep, and asks all the while. */
async function sweep(prepare: Prepare) {
  await using scope = new Scope();
  const data = join(tempFolder(scope, "bench"), "data");
  await prepare(scope, data);
  const left = sessionsIn(data);
  const started = performance.now();
  const registry = await startBreadbox(scope, { data, pollMs: 1, env: sweeping });
  const readyMs = performance.now() - started;
  const prober = new Prober(registry.port, "/v2/");
  await waitFor("the sweep", () => sessionsIn(data) === 0, { timeoutMs: 300_000, everyMs: 20 });
  const sweptMs = performance.now() - started;
  return { left, readyMs, sweptMs, times: await prober.stop() };
}

/** The same start with nothing to sweep. */
async function quiet(ms: number): Promise<number[]> {
  await using scope = new Scope();
  const registry = await startBreadbox(scope, { pollMs: 1, env: sweeping });
  const prober = new Prober(registry.port, "/v2/");
  await Bun.sleep(ms);
  return prober.stop();
}

/** Several times in turn with a start that finds nothing: what disturbs the machine disturbs both. */
async function compareSweep(what: string, prepare: Prepare): Promise<void> {
  for (let round = 0; round < (options.quick ? 1 : 3); round += 1) {
    const { left, readyMs, sweptMs, times } = await sweep(prepare);
    const idle = await quiet(sweptMs);
    note(`${left} ${what}, ready`, `${Math.round(readyMs)} ms`);
    note(`${left} ${what}, swept`, `${Math.round(sweptMs)} ms after the start`);
    note("GET /v2/ meanwhile", spread(times));
    note("GET /v2/ with nothing to sweep", spread(idle));
  }
}

async function leftovers(): Promise<void> {
  const count = options.quick ? 500 : 10_000;
  await compareSweep("folders without a row", async (scope, data) => {
    const registry = await startBreadbox(scope, { data });
    await registry.stop();
    leaveFolders(data, count);
  });
  await compareSweep("expired sessions", async (scope, data) => {
    const registry = await startBreadbox(scope, { data });
    await openSessions(registry.port, count, 4096);
    await registry.kill9();
    await Bun.sleep(1_500);
  });
}

/** Restarts in the middle of an upload and sends the next chunk. */
async function resume(): Promise<void> {
  const size = options.quick ? 256 * mebibyte : 10 * 1024 * mebibyte;
  await using scope = new Scope();
  let registry = await startBreadbox(scope);
  const connection = await Connection.open(registry.port);
  const path = await startPath(connection, "bench/resume");
  await askFor(connection, [202], { method: "PATCH", path, body: body(size) });
  let offset = size;
  for (const cache of ["warm", "cold", "warm", "cold", "warm", "cold"] as const) {
    await registry.kill9();
    const staged = join(registry.data, "uploads", path.split("/").at(-1) ?? "", "data");
    // Drops this one file from the page cache (dd(1), nocache).
    if (cache === "cold") await run(["dd", `if=${staged}`, "iflag=nocache", "count=0"]);
    registry = await startBreadbox(scope, { data: registry.data, port: registry.port });
    const again = await Connection.open(registry.port);
    const asked = performance.now();
    const headers = { "Content-Range": `${offset}-${offset + mebibyte - 1}` };
    await askFor(again, [202], { method: "PATCH", path, headers, body: body(mebibyte) });
    note(
      `resume at ${rounded(offset / 2 ** 30, 2)} GiB, ${cache} cache, first chunk of 1 MiB`,
      `${rounded(performance.now() - asked)} ms`,
    );
    offset += mebibyte;
    again.close();
  }
  await closeResumed(registry.port, path, offset);
  note(
    "highest memory of the server meanwhile",
    `${rounded(registry.peakRssBytes() / mebibyte)} MiB`,
  );
}

async function closeResumed(port: number, path: string, size: number): Promise<void> {
  const hasher = new Bun.CryptoHasher("sha256");
  const block = new Uint8Array(mebibyte);
  for (let at = 0; at < size; at += mebibyte) hasher.update(block);
  const connection = await Connection.open(port);
  const asked = performance.now();
  const closing = `${path}?digest=sha256:${hasher.digest("hex")}`;
  await askFor(connection, [201], { method: "PUT", path: closing });
  note("closing PUT after the restart", `${rounded(performance.now() - asked)} ms`);
  connection.close();
}

async function memory(): Promise<void> {
  await using scope = new Scope();
  const registry = await startBreadbox(scope);
  // What the first upload costs is not what sessions cost.
  await openSessions(registry.port, 16, 300_000);
  await Bun.sleep(2_000);
  const before = registry.rssBytes();
  registry.resetPeakRss();
  const count = options.quick ? 100 : 1_000;
  await openSessions(registry.port, count, 300_000);
  await Bun.sleep(2_000);
  const above = (bytes: number): string => `${rounded((bytes - before) / mebibyte)} MiB`;
  note(`${count} open sessions, memory above the time before`, above(registry.rssBytes()));
  note(`${count} open sessions, highest while they were opened`, above(registry.peakRssBytes()));
}

const exercises = { leftovers, resume, memory };
for (const [name, exercise] of Object.entries(exercises)) {
  if (options.only.split(",").includes(name)) await exercise();
}
