// Two executables over one database and one bucket, of which one dies, freezes or has another clock while it receives bytes: a client that
// asks the other one goes on, and what the late one still says changes nothing.
import { expect } from "bun:test";
import { digestOf } from "../../src/model/digest.ts";
import type { RunningRegistry } from "../support/binary.ts";
import { clientTest } from "../support/clientTest.ts";
import { fakeClock } from "../support/fakeClock.ts";
import { postgresIsMissing } from "../support/postgres.ts";
import { waitFor } from "../support/processes.ts";
import { startReplicas } from "../support/replicas.ts";
import { type Scope, signal } from "../support/scope.ts";
import { noise } from "../support/store.ts";

/** Leases of nine and of thirty seconds have to end. */
const needs = { commands: [], reason: postgresIsMissing, timeoutMs: 120_000, waits: true };
const mebibyte = 1024 * 1024;

async function begin({ url }: RunningRegistry): Promise<string> {
  const answer = await fetch(`${url}/v2/lab/app/blobs/uploads/`, { method: "POST" });
  expect(answer.status).toBe(202);
  return new URL(answer.headers.get("location") ?? "", url).pathname;
}

const patch = (
  { url }: RunningRegistry,
  path: string,
  { from, bytes }: { readonly from: number; readonly bytes: Uint8Array<ArrayBuffer> },
) =>
  fetch(url + path, {
    method: "PATCH",
    headers: { "content-range": `${from}-${from + bytes.length - 1}` },
    body: bytes,
  });

/** The offset that a replica tells; its status where it tells none. */
async function offset({ url }: RunningRegistry, path: string): Promise<number> {
  const answer = await fetch(url + path);
  const [, last] = /^0-(\d+)$/.exec(answer.headers.get("range") ?? "") ?? [];
  return last === undefined ? -answer.status : Number(last) + 1;
}

async function pulled({ url }: RunningRegistry, digest: string): Promise<string> {
  const answer = await fetch(`${url}/v2/lab/app/blobs/${digest}`);
  return answer.status === 200 ? digestOf(await answer.bytes()) : String(answer.status);
}

/** A PATCH whose body comes as far as `bytes` and stops until `finish` or `end`. */
function stalling({ url }: RunningRegistry, path: string, bytes: Uint8Array) {
  let controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  const body = new ReadableStream<Uint8Array>({
    start(given) {
      controller = given;
      given.enqueue(bytes);
    },
  });
  const status = fetch(url + path, { method: "PATCH", body }).then(
    (answer) => answer.status,
    () => 0,
  );
  return {
    /** 0 when the connection broke. */
    status,
    finish(rest: Uint8Array): void {
      controller?.enqueue(rest);
      controller?.close();
    },
  };
}

/** Sends a chunk again for as long as another request has the session: nine seconds, and what a busy machine adds. */
async function insist(send: () => Promise<Response>) {
  let status = 429;
  await waitFor(
    "the session to be free",
    async () => {
      status = (await send()).status;
      return status !== 429;
    },
    { timeoutMs: 25_000, everyMs: 250 },
  );
  return { status };
}

const close = ({ url }: RunningRegistry, path: string, digest: string) =>
  fetch(`${url}${path}?digest=${digest}`, { method: "PUT" });

/** A session with a first chunk, and a second one that one replica has received in part. */
async function midChunk(scope: Scope, env: Readonly<Record<string, string>> = {}) {
  const replicas = await startReplicas(scope, env);
  const bytes = noise(24 * mebibyte);
  const [first, second] = [bytes.slice(0, 6 * mebibyte), bytes.slice(6 * mebibyte)];
  const path = await begin(replicas.a);
  expect((await patch(replicas.b, path, { from: 0, bytes: first })).status).toBe(202);
  const late = stalling(replicas.a, path, second.slice(0, 12 * mebibyte));
  // Its first parts are in the bucket by then.
  await Bun.sleep(1_500);
  return { ...replicas, bytes, digest: digestOf(bytes), first, second, path, late };
}

clientTest(
  "a replica that is killed within a chunk loses that chunk, and frees its session",
  needs,
  async (scope) => {
    const { a, b, path, first, second, digest } = await midChunk(scope);
    signal(a.pid, "SIGKILL");
    await a.exited;

    expect(await offset(b, path)).toBe(first.length);
    const sent = await insist(() => patch(b, path, { from: first.length, bytes: second }));

    expect(sent.status).toBe(202);
    expect((await close(b, path, digest)).status).toBe(201);
    expect(await pulled(b, digest)).toBe(digest);
  },
);

clientTest(
  "a replica that freezes and wakes up late spoils neither the upload nor the scheduled work",
  needs,
  async (scope) => {
    const { a, b, path, first, second, digest, late } = await midChunk(scope);
    expect(a.logs()).toContain("scheduled work of all");
    expect(b.logs()).not.toContain("scheduled work of all");
    signal(a.pid, "SIGSTOP");
    scope.defer(() => void signal(a.pid, "SIGCONT"));

    const sent = await insist(() => patch(b, path, { from: first.length, bytes: second }));
    expect(sent.status).toBe(202);
    await waitFor("the other replica leads", () => b.logs().includes("scheduled work of all"), {
      timeoutMs: 40_000,
      explain: b.logs,
    });
    signal(a.pid, "SIGCONT");
    late.finish(second.slice(12 * mebibyte));

    // Its client is not told that its bytes count, nor that the session is gone.
    expect([0, 503]).toContain(await late.status);
    expect((await close(b, path, digest)).status).toBe(201);
    expect([await pulled(a, digest), await pulled(b, digest)]).toEqual([digest, digest]);
    await waitFor("it knows", () => a.logs().includes("another server does the scheduled work"), {
      explain: a.logs,
    });
  },
);

clientTest(
  "an upload is cancelled at the other replica while bytes arrive",
  needs,
  async (scope) => {
    const { b, path, late } = await midChunk(scope);
    const { status } = await fetch(b.url + path, { method: "DELETE" });

    expect(status).toBe(204);
    expect([0, 404]).toContain(await late.status);
    expect(await offset(b, path)).toBe(-404);
  },
);

/** A collection at a replica, to its end. */
async function collect({ url }: RunningRegistry): Promise<{ state: string; deleted: number }> {
  const begun = await fetch(`${url}/v1/gc`, { method: "POST" });
  expect(begun.status).toBe(202);
  const { id }: { id: string } = JSON.parse(await begun.text());
  for (;;) {
    const run = JSON.parse(await (await fetch(`${url}/v1/gc/runs/${id}`)).text());
    if (run.state !== "running") return { state: run.state, deleted: run.deleted_blobs };
    await Bun.sleep(100);
  }
}

const twoClocks = { ...needs, commands: ["faketime"] };

clientTest(
  "replicas whose clocks are an hour apart agree on what is over",
  twoClocks,
  async (scope) => {
    const [ahead, behind] = [fakeClock(scope), fakeClock(scope)];
    ahead.set("+3600s");
    behind.set("-3600s");
    const short = {
      BREADBOX_STORAGE_CLEANUP_INTERVAL: "1s",
      BREADBOX_STORAGE_UPLOAD_TIMEOUT: "30m",
      BREADBOX_GC_MIN_AGE: "30m",
    };
    const { a, b } = await startReplicas(scope, short, { a: ahead.env, b: behind.env });
    const bytes = noise(2 * mebibyte);
    const digest = digestOf(bytes);
    const path = await begin(b);
    const late = stalling(b, path, bytes.slice(0, mebibyte));
    await Bun.sleep(5_000);

    // Neither its age nor its writer's lease is judged by the clock that is ahead.
    expect((await fetch(a.url + path)).status).toBe(204);
    expect((await patch(a, path, { from: 0, bytes: bytes.slice(0, 10) })).status).toBe(429);
    late.finish(bytes.slice(mebibyte));
    expect(await late.status).toBe(202);
    expect((await close(a, path, digest)).status).toBe(201);
    const other = noise(1_000);
    const pushed = await fetch(`${b.url}/v2/lab/app/blobs/uploads/?digest=${digestOf(other)}`, {
      method: "POST",
      body: other,
    });
    expect(pushed.status).toBe(201);

    expect(await collect(a)).toEqual({ state: "done", deleted: 0 });

    for (const each of [a, b]) {
      expect(await pulled(each, digest)).toBe(digest);
      expect(await pulled(each, digestOf(other))).toBe(digestOf(other));
    }
  },
);
