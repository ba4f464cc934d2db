// Floods: slow clients of three kinds, idle connections, and more upload sessions, buckets, tags and logins than anybody needs. Meanwhile and
// afterwards an image is pushed and pulled; memory is sampled, statuses are counted, and files outside the data directory are looked for.

import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { each } from "../../../src/import/each.ts";
import { basic } from "../../http/support/accessRoom.ts";
import { type RunningRegistry, startBreadbox } from "../../support/binary.ts";
import { randomBytes, sha256 } from "../../support/bytes.ts";
import { buildImage, expectStatus, pullAll, pushImage } from "../../support/images.ts";
import { problemsOf } from "../../support/inspect.ts";
import { tempFolder } from "../../support/processes.ts";
import { Scope } from "../../support/scope.ts";
import { openSlow, type SlowClient } from "./clients.ts";

/** How many of each. */
export interface FloodPlan {
  readonly slow: number;
  readonly idle: number;
  /** Requests of each of the four kinds. */
  readonly requests: number;
  /** How long slow clients and idle connections stay; ms. */
  readonly lastsMs: number;
}

/** What came of it. */
export interface FloodResult {
  /** How often each status was answered to the requests of the floods. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Highest resident memory above that of the idle server before; MiB. */
  readonly peakAboveIdle: number;
  /** Milliseconds of the slowest push or pull of a whole image meanwhile. */
  readonly slowestMs: number;
  /** Names outside of the data directory. */
  readonly outside: readonly string[];
  /** What fsck complains of, and answers that no server may give. */
  readonly problems: readonly string[];
}

const mebibyte = 1024 * 1024;
const lanes = 32;
const host = "Host: 127.0.0.1\r\n";
const large = randomBytes("floods/large", 4 * mebibyte);
const password = "correct horse battery";

/** Runs all of them on a server of their own. */
export async function flood(plan: FloodPlan): Promise<FloodResult> {
  await using scope = new Scope();
  const home = tempFolder(scope, "home");
  const cwd = join(home, "cwd");
  mkdirSync(cwd);
  const env = { HOME: home, TMPDIR: home, BREADBOX_LOG_LEVEL: "error" };
  const server = await startBreadbox(scope, { env, cwd });
  const login = { BREADBOX_AUTH_MODE: "required", BREADBOX_ADMIN_PASSWORD: password };
  const closed = await startBreadbox(scope, { env: { ...env, ...login }, cwd });
  // Guesses from its own address keep nobody out who has logged in before.
  const administrator = { headers: { authorization: basic("admin", password) } };
  const logIn = async () => expectStatus(await fetch(`${closed.url}/v2/`, administrator), 200);
  await logIn();
  await usePush(server, "before");
  const idle = [server.rssBytes(), closed.rssBytes()] as const;
  const watch = { peak: 0, slowest: 0 };
  const timer = setInterval(() => {
    const above = [server.rssBytes() - idle[0], closed.rssBytes() - idle[1]];
    watch.peak = Math.max(watch.peak, ...above);
  }, 200);
  scope.defer(() => clearInterval(timer));
  const statuses: Record<string, number> = {};
  const meanwhile = async (what: string, during: Promise<unknown>): Promise<void> => {
    let isOver = false;
    const over = during.finally(() => {
      isOver = true;
    });
    for (let at = 0; at === 0 || !isOver; at += 1) {
      const began = performance.now();
      await usePush(server, `${what}/${at}`);
      watch.slowest = Math.max(watch.slowest, performance.now() - began);
    }
    await over;
  };
  const problems: string[] = [];
  await meanwhile("slow", holdSlow(server, plan, problems));
  await meanwhile("idle", holdIdle(server, plan));
  const count = (status: number): void => {
    statuses[status] = (statuses[status] ?? 0) + 1;
  };
  for (const [what, ask] of Object.entries(await floodsOf(server, closed))) {
    const requests = Array.from({ length: plan.requests }, (_, at) => at + 1);
    await meanwhile(
      what,
      each(requests, lanes, async (at) => count(await ask(at))),
    );
  }
  await usePush(server, "after");
  await logIn();
  await Promise.all([server.stop(), closed.stop()]);
  return {
    statuses,
    peakAboveIdle: Math.round(watch.peak / mebibyte),
    slowestMs: Math.round(watch.slowest),
    outside: readdirSync(home, { recursive: true, encoding: "utf8" }).filter((at) => at !== "cwd"),
    problems: [...problems, ...(await problemsOf(server.data))],
  };
}

/** A small image in a repository of its own. */
async function usePush({ url }: RunningRegistry, name: string): Promise<void> {
  const repository = `${url}/v2/use/${name}`;
  const image = buildImage({ seed: name, layerSizes: [20_000] });
  await pushImage(repository, "v1", image);
  await pullAll(repository, "v1");
}

/** A third sends its head byte by byte, a third its body, a third reads nothing of a blob of 4 MiB. */
async function holdSlow(
  server: RunningRegistry,
  { slow, lastsMs }: FloodPlan,
  problems: string[],
): Promise<void> {
  await using scope = new Scope();
  const uploads = "/v2/slow/app/blobs/uploads/";
  const digest = sha256(large);
  const post = { method: "POST", body: new Uint8Array(large) };
  await expectStatus(await fetch(`${server.url}${uploads}?digest=${digest}`, post), 201);
  const session = await fetch(`${server.url}${uploads}`, { method: "POST" });
  const { pathname } = new URL(session.headers.get("location") ?? "", server.url);
  const length = "Content-Type: application/octet-stream\r\nContent-Length: 1000000\r\n\r\n";
  const kinds: readonly SlowClient[] = [
    { first: "GET /v2/ HTTP/1.1\r\n", drip: "X-a: b\r\n", reads: true },
    { first: `PATCH ${pathname} HTTP/1.1\r\n${host}${length}`, drip: "x", reads: true },
    { first: `GET /v2/slow/app/blobs/${digest} HTTP/1.1\r\n${host}\r\n`, drip: "", reads: false },
  ];
  const clients = Array.from({ length: slow }, (_, at) => kinds[at % kinds.length] ?? kinds[0]);
  const known = clients.flatMap((client) => (client === undefined ? [] : [client]));
  const held = await openSlow(scope, server.port, known);
  await Bun.sleep(lastsMs);
  for (const status of held.statuses) {
    if (status >= 500 && status !== 503) problems.push(`a slow client was answered ${status}`);
  }
}

async function holdIdle(server: RunningRegistry, { idle, lastsMs }: FloodPlan): Promise<void> {
  await using scope = new Scope();
  const nothing: SlowClient = { first: "", drip: "", reads: true };
  await openSlow(
    scope,
    server.port,
    Array.from({ length: idle }, () => nothing),
  );
  await Bun.sleep(lastsMs);
}

/** One request of each kind, which resolves to its status. @param closed asks everybody to log in. */
async function floodsOf({ url }: RunningRegistry, closed: RunningRegistry) {
  const image = buildImage({ seed: "floods/tags", layerSizes: [10] });
  await pushImage(`${url}/v2/tags/app`, "v1", image);
  const { mediaType, bytes } = image.manifest;
  const manifest = { method: "PUT", headers: { "content-type": mediaType } };
  const tags = (at: number) => [at * 2, at * 2 + 1].map((tag) => `tag=t${tag}`).join("&");
  const ask = async (path: string, init: RequestInit, base = url): Promise<number> => {
    const answer = await fetch(`${base}${path}`, init);
    await answer.arrayBuffer();
    return answer.status;
  };
  return {
    sessions: (at: number) => ask(`/v2/sessions/${at % 50}/blobs/uploads/`, { method: "POST" }),
    buckets: (at: number) =>
      ask("/v1/buckets", { method: "POST", body: JSON.stringify({ name: `flood-${at}` }) }),
    tags: (at: number) =>
      ask(`/v2/tags/app/manifests/t?${tags(at)}`, { ...manifest, body: new Uint8Array(bytes) }),
    logins: (at: number) =>
      ask("/v2/", { headers: { authorization: basic(`user-${at}`, password) } }, closed.url),
  };
}
