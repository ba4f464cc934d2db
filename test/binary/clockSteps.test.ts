// The executable under a wall clock that is set while clients upload: nobody loses what arrived, and nothing stays for ever.
import { expect } from "bun:test";
import { breadboxBinary, type RunningRegistry, startBreadbox } from "../support/binary.ts";
import { randomBytes, sha256 } from "../support/bytes.ts";
import { clientTest } from "../support/clientTest.ts";
import { fakeClock } from "../support/fakeClock.ts";
import { run, waitFor } from "../support/processes.ts";

const needs = { commands: ["faketime"] };
/** Everything is looked through every second, and each look is told. */
const often = {
  BREADBOX_STORAGE_CLEANUP_INTERVAL: "1s",
  BREADBOX_JOBS_CLEANUP_SWEEP_INTERVAL_SECONDS: "1",
  BREADBOX_LOG_LEVEL: "debug",
};
const bucket = "/v1/buckets/backups";

const ask = (server: RunningRegistry, method: string, path: string, body?: RequestInit["body"]) =>
  fetch(new URL(path, server.url), { method, body: body ?? null });
const post = (server: RunningRegistry, path: string, body: unknown) =>
  ask(server, "POST", path, JSON.stringify(body));

/** An upload session with the first bytes of `blob`. */
async function beginSession(server: RunningRegistry, blob: Uint8Array, first: number) {
  const { headers } = await ask(server, "POST", "/v2/team/app/blobs/uploads/");
  const patched = await ask(
    server,
    "PATCH",
    headers.get("location") ?? "",
    Buffer.from(blob.subarray(0, first)),
  );
  expect(patched.status).toBe(202);
  const path = patched.headers.get("location") ?? "";
  return {
    status: async () => (await ask(server, "GET", path)).status,
    close: async () => {
      const url = new URL(path, server.url);
      url.searchParams.set("digest", sha256(blob));
      return (await ask(server, "PUT", url.href, Buffer.from(blob.subarray(first)))).status;
    },
  };
}

/** An upload in parts, and what it is made of. */
async function beginParts(server: RunningRegistry) {
  const { upload_id: id }: { upload_id: string } = JSON.parse(
    await (await post(server, `${bucket}/multipart-uploads`, { object: "a/b" })).text(),
  );
  const path = `${bucket}/multipart-uploads/${id}`;
  const parts: { part_number: number; etag: string }[] = [];
  return {
    put: async (number: number, body: RequestInit["body"]) => {
      const answer = await ask(server, "PUT", `${path}/parts/${number}`, body);
      const text = await answer.text();
      const { etag = "" }: { etag?: string } = answer.ok ? JSON.parse(text) : {};
      if (answer.ok) parts.push({ part_number: number, etag });
      return answer.status;
    },
    status: async () => (await ask(server, "GET", `${path}/parts`)).status,
    complete: async () => {
      const named = parts.sort((a, b) => a.part_number - b.part_number);
      return (await post(server, `${path}/complete`, { parts: named })).status;
    },
  };
}

/** A body that ends when it is told to: a byte every 100 ms until then. */
function slowBody() {
  let isOver = false;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      controller.enqueue(new Uint8Array(4096));
      await Bun.sleep(100);
      if (isOver) controller.close();
    },
  });
  const end = (): void => {
    isOver = true;
  };
  return { body, end };
}

/** Waits until everything has been looked through `count` times more. */
async function sweeps({ logs }: RunningRegistry, count: number): Promise<void> {
  const ends = [
    /"(no upload has expired|uploads cleaned up)/g,
    /"(no multipart upload has expired|multipart uploads cleaned up)/g,
  ];
  const seen = () => ends.map((end) => logs().match(end)?.length ?? 0);
  const before = seen();
  const isOver = () => seen().every((now, which) => now >= (before[which] ?? 0) + count);
  await waitFor(`${count} more sweeps`, isOver, { explain: logs });
}

for (const [how, offset] of [
  ["25 hours", "+25h"],
  ["ten years", "+3650d"],
] as const) {
  clientTest(
    `open uploads outlive a clock that is set forward by ${how}, while their server runs and while it is off`,
    needs,
    async (scope) => {
      const clock = fakeClock(scope);
      const env = { ...clock.env, ...often };
      const first = await startBreadbox(scope, { env });
      await post(first, "/v1/buckets", { name: "backups" });
      const blob = randomBytes("clock steps", 100_000);
      const session = await beginSession(first, blob, 40_000);
      const parts = await beginParts(first);
      expect(await parts.put(1, "first")).toBe(200);
      const idle = [await beginSession(first, blob, 7), await beginParts(first)] as const;

      clock.set(offset);
      await sweeps(first, 3);
      const command = [await breadboxBinary(), "gc", "--data", first.data, "--yes"];
      const collected = await run(command, { env: clock.env, mayFail: true });
      const rm = [await breadboxBinary(), "uploads", "rm", "--data", first.data, "--yes"];
      const removed = await run([...rm, "--older-than", "1h"], { env: clock.env, mayFail: true });

      expect([await session.status(), await parts.status()]).toEqual([204, 200]);
      expect(await parts.put(2, "second")).toBe(200);
      expect([await session.close(), await parts.complete()]).toEqual([201, 200]);
      expect(collected.output).toContain("set forward");
      expect([removed.code, removed.output]).toEqual([
        1,
        expect.stringMatching(/^the clock was set forward .* --all\.\n$/),
      ]);
      const lines = first.logs().split("\n");
      const told = lines.filter((line) => line.includes('"clockDoubted"'));
      expect(told).toHaveLength(1);
      // "by two days", or "recently" where a scheduled collection, which was due at once, has looked first.
      expect(told[0]).toMatch(
        /set forward (by|recently).*: nothing is deleted by age for the next/,
      );

      await first.stop();
      const { data, port } = first;
      const second = await startBreadbox(scope, { env, data, port });
      await sweeps(second, 3);
      expect([await idle[0].status(), await idle[1].status()]).toEqual([204, 200]);
      await second.stop();
    },
  );
}

clientTest(
  "a part and an object that are arriving end well when the clock is set forward by two hours",
  needs,
  async (scope) => {
    const clock = fakeClock(scope);
    const server = await startBreadbox(scope, {
      env: {
        ...clock.env,
        ...often,
        BREADBOX_STORAGE_MULTIPART_MAX_UPLOAD_TTL_SECONDS: "3600",
        BREADBOX_JOBS_CLEANUP_GRACE_PERIOD_SECONDS: "0",
      },
    });
    await post(server, "/v1/buckets", { name: "backups" });
    const parts = await beginParts(server);
    const [part, object] = [slowBody(), slowBody()];
    const arriving = [
      parts.put(1, part.body),
      ask(server, "PUT", `${bucket}/objects/whole`, object.body).then(({ status }) => status),
    ];
    await sweeps(server, 1);

    clock.set("+2h");
    await sweeps(server, 3);
    part.end();
    object.end();

    expect(await Promise.all(arriving)).toEqual([200, 201]);
    expect(await parts.complete()).toBe(200);
  },
);

clientTest(
  "uploads that began while the clock was a year ahead go one timeout after it was set right, also over restarts",
  needs,
  async (scope) => {
    const clock = fakeClock(scope);
    const env = {
      ...clock.env,
      ...often,
      BREADBOX_STORAGE_UPLOAD_TIMEOUT: "6s",
      BREADBOX_STORAGE_MULTIPART_MAX_UPLOAD_TTL_SECONDS: "6",
      BREADBOX_JOBS_CLEANUP_GRACE_PERIOD_SECONDS: "0",
    };
    clock.set("+365d");
    const first = await startBreadbox(scope, { env });
    const { data, port } = first;
    await post(first, "/v1/buckets", { name: "backups" });
    const session = await beginSession(first, randomBytes("a year ahead", 1000), 500);
    const parts = await beginParts(first);
    await parts.put(1, "first");
    await first.stop();
    clock.set("+0");
    const seen = await startBreadbox(scope, { env, data, port });
    await sweeps(seen, 1);
    const before = [await session.status(), await parts.status()];
    await seen.stop();

    const last = await startBreadbox(scope, { env, data, port });
    const gone = async () => (await session.status()) === 404 && (await parts.status()) === 404;
    await waitFor("their end", gone, { explain: last.logs });

    expect(before).toEqual([204, 200]);
    await last.stop();
  },
);

clientTest(
  "an upload in parts lives while a part arrives for longer than its time, and for as long again after it",
  { commands: [] },
  async (scope) => {
    const server = await startBreadbox(scope, {
      env: {
        ...often,
        BREADBOX_STORAGE_MULTIPART_MAX_UPLOAD_TTL_SECONDS: "3",
        BREADBOX_JOBS_CLEANUP_GRACE_PERIOD_SECONDS: "0",
      },
    });
    await post(server, "/v1/buckets", { name: "backups" });
    const parts = await beginParts(server);
    expect(await parts.put(1, "first")).toBe(200);
    const slow = slowBody();
    const arriving = parts.put(2, slow.body);

    await Bun.sleep(6_000);
    const meanwhile = await parts.put(3, "third");
    await Bun.sleep(4_000);
    slow.end();

    expect([meanwhile, await arriving]).toEqual([200, 200]);
    expect(await parts.complete()).toBe(200);
  },
);
