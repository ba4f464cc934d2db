// A bucket's server that stops, refuses or is full in the middle, and lines that break in each request: a backup is whole or none, the next
// one continues, and the store that is backed up is as it was.
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { digestOf, hexOf } from "../../src/model/digest.ts";
import { openCutProxy } from "../support/cutProxy.ts";
import { problemsOf } from "../support/inspect.ts";
import { openLossyProxy } from "../support/lossyProxy.ts";
import { Scope } from "../support/scope.ts";
import { noise } from "../support/store.ts";
import { openOtherBox, rights } from "./bucketRoom.ts";
import { list, messageOf, objectsOf, openBox, verify } from "./room.ts";

const scope = new Scope();
afterAll(() => scope.close(), 60_000);
const mebibyte = 1_048_576;
const keep = { days: 1, weeks: 0, months: 0 };
const portOf = (url: string): number => Number(new URL(url).port);

/** A server in front of the other one, which answers in its place where it is told to. */
function openFront(url: string) {
  const state = { answer: (_: Request): Response | null => null };
  const server = Bun.serve({
    ...{ hostname: "127.0.0.1", port: 0, maxRequestBodySize: 2 ** 32 },
    fetch: (request) => {
      const { pathname, search } = new URL(request.url);
      const { method, headers, body } = request;
      return (
        state.answer(request) ?? fetch(`${url}${pathname}${search}`, { method, headers, body })
      );
    },
  });
  scope.defer(() => server.stop(true));
  return { port: Number(server.port), state };
}

const contentName = (bytes: Uint8Array): string => {
  const hex = hexOf(digestOf(bytes));
  return `content/sha256/${hex.slice(0, 2)}/${hex}`;
};

const refusal = (status: number, code: string, headers: Record<string, string> = {}) =>
  Response.json({ errors: [{ code, message: "told so" }] }, { status, headers });

describe("the answer to a request is lost:", () => {
  test.each([
    ["the lease is taken", "PUT /v1/buckets/backups/objects/lease"],
    ["the mark is read", "GET /v1/buckets/backups/objects/breadbox-backups.json"],
    ["a content is put", "PUT /v1/buckets/backups/objects/content/"],
    ["contents are listed", "GET /v1/buckets/backups/objects?prefix=content"],
    ["an upload in parts begins", "POST /v1/buckets/backups/multipart-uploads HTTP"],
    ["a part is put", "/parts/1"],
    ["an upload is completed", "/complete"],
    ["a file of the backup is put", "breadbox.db"],
    [
      "the manifest is put",
      "PUT /v1/buckets/backups/objects/backups/20260102T000000Z.2/backup.json",
    ],
    ["an older backup is removed", "DELETE /v1/buckets/backups/objects/backups/"],
    ["a content is removed", "DELETE /v1/buckets/backups/objects/content/"],
  ])("%s", async (_, text) => {
    const other = await openOtherBox(scope);
    const box = await openBox(scope, [12, 17 * mebibyte]);
    const backUpAt = (at: number, target: string) =>
      box.backUpWith(() => ({ clock: () => Date.UTC(2026, 0, at) }), { target, keep });
    await backUpAt(1, other.url());
    const stray = noise(3);
    await other.put(contentName(stray), stray);
    await box.put("box/more.bin", noise(18 * mebibyte));
    await box.put("box/small.bin", noise(50_000));
    const lossy = await openLossyProxy(scope, portOf(other.registry.url));
    lossy.lose(text);

    const report = await backUpAt(2, other.url("backups", lossy.port));

    expect(lossy.lost()).toBe(1);
    expect(report.pruned).toMatchObject({ refused: null, contents: 1 });
    expect(await list(other.url())).toEqual([report.id]);
    expect(await verify(other.url())).toMatchObject({ damaged: [], contents: 4 });
  });
});

test("the answer to a first backup's mark is lost, and the backup goes on", async () => {
  const other = await openOtherBox(scope, rights.add);
  const box = await openBox(scope, [12]);
  const lossy = await openLossyProxy(scope, portOf(other.registry.url));
  lossy.lose("PUT /v1/buckets/backups/objects/breadbox-backups.json");

  const { id } = await box.backUp({ target: other.url("backups", lossy.port) });

  expect(lossy.lost()).toBe(1);
  expect(await list(other.url())).toEqual([id]);
});

describe("the server answers", () => {
  test("503 now and then, and the backup waits", async () => {
    const other = await openOtherBox(scope);
    const box = await openBox(scope, [12, 70_000, 17 * mebibyte]);
    const front = openFront(other.registry.url);
    let [asked, refused] = [0, 0];
    front.state.answer = () => {
      asked += 1;
      if (asked % 3 !== 0) return null;
      refused += 1;
      return refusal(503, "UNAVAILABLE", { "retry-after": "0" });
    };

    const report = await box.backUp({ target: other.url("backups", front.port) });

    expect(refused).toBeGreaterThan(5);
    expect(report).toMatchObject({ contents: 3, lost: [] });
    expect(await verify(other.url())).toMatchObject({ damaged: [] });
  });

  test.each([
    ["401: the token was revoked", 401, "UNAUTHORIZED", "does not take this login (401)"],
    ["403: the token lacks a right", 403, "DENIED", "forbids it (403: told so)"],
    ["413: its disk is full", 413, "UNAVAILABLE", "there is no space left at http://127.0.0.1:"],
    ["507: its disk is full", 507, "", "there is no space left at http://127.0.0.1:"],
    ["503: it is read-only", 503, "UNAVAILABLE", "Told so."],
  ])(
    "%s, in the middle of it: there is no backup, and the next one continues",
    async (_, status, code, words) => {
      const other = await openOtherBox(scope);
      const box = await openBox(
        scope,
        Array.from({ length: 30 }, (__, at) => 20_000 + at),
      );
      const front = openFront(other.registry.url);
      let puts = 0;
      front.state.answer = ({ method, url }) => {
        if (method === "PUT" && url.includes("/content/")) puts += 1;
        return puts > 12 && method === "PUT" ? refusal(status, code) : null;
      };

      const target = other.url("backups", front.port);
      const failed = await messageOf(box.backUp({ target, retryForMs: 0 }));
      const between = await messageOf(verify(other.url()));
      front.state.answer = () => null;
      const { added, contents } = await box.backUp({ target });

      expect(failed).toContain(words);
      expect(failed).not.toContain(other.token);
      expect(between).toContain("has no backup");
      expect(contents).toBe(30);
      expect(added.contents).toBeLessThan(30);
      expect(await verify(other.url())).toMatchObject({ contents: 30, damaged: [] });
      expect(await problemsOf(box.store.directory)).toEqual([]);
    },
  );
});

test("a line that breaks again and again brings every byte there, and back", async () => {
  const other = await openOtherBox(scope);
  const box = await openBox(scope, [12, 70_000, 3 * mebibyte, 18 * mebibyte]);
  const cutting = { port: portOf(other.registry.url), seed: "backup" };
  // A part is sent again from its beginning.
  const out = await openCutProxy(scope, { ...cutting, everyBytes: 5 * mebibyte, mostCuts: 3 });

  await box.backUp({ target: other.url("backups", out.port) });
  const back = await openCutProxy(scope, { ...cutting, everyBytes: mebibyte, mostCuts: 8 });
  const data = box.newData();
  await box.restore(data, { target: other.url("backups", back.port) });

  expect([out.cuts(), back.cuts()]).toEqual([3, 8]);
  expect(await objectsOf(data)).toEqual(box.contents);
});

test("a content that somebody removes while a backup is made makes it fail, and the next one brings it again", async () => {
  const other = await openOtherBox(scope);
  const box = await openBox(scope, [12, 70_000]);
  await box.backUp({ target: other.url() });
  const [name = ""] = await other.names("content/");
  await box.put("box/more.bin", noise(50_000));
  const front = openFront(other.registry.url);
  let isRemoved = false;
  front.state.answer = ({ method, url }) => {
    if (isRemoved || method !== "PUT" || !url.includes("/content/")) return null;
    isRemoved = true;
    void other.remove(name);
    return null;
  };

  const failed = await messageOf(box.backUp({ target: other.url("backups", front.port) }));
  const { added } = await box.backUp({ target: other.url() });

  expect(failed).toMatch(/sha256:\w+ was removed from http:.*: run it again/);
  expect(added.contents).toBe(1);
  expect(await verify(other.url())).toMatchObject({ damaged: [], contents: 3 });
});

test("a restore whose server goes away makes no store, and continues", async () => {
  const other = await openOtherBox(scope);
  const box = await openBox(
    scope,
    Array.from({ length: 30 }, (_, at) => 20_000 + at),
  );
  await box.backUp({ target: other.url() });
  const front = openFront(other.registry.url);
  let gets = 0;
  front.state.answer = ({ url }) => {
    if (url.includes("/content/")) gets += 1;
    return gets > 20 ? refusal(503, "UNAVAILABLE") : null;
  };
  const data = box.newData();

  const target = other.url("backups", front.port);
  const failed = await messageOf(box.restore(data, { target, retryForMs: 0 }));
  const isServed = existsSync(join(data, "breadbox.db"));
  await box.restore(data, { target: other.url() });

  expect([failed.includes("Told so."), isServed]).toEqual([true, false]);
  expect(await objectsOf(data)).toEqual(box.contents);
});
