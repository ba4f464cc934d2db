import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { digestOf } from "../../src/model/digest.ts";
import { noise } from "../support/store.ts";
import { pushBlob } from "./support/image.ts";
import { errorOf, openRegistry, type TestRegistry } from "./support/registry.ts";

const source = "team/nested/source";
const bytes = noise(1000);
const digest = digestOf(bytes);
const absent = `sha256:${"0".repeat(64)}`;
let registry: TestRegistry;
beforeAll(async () => {
  registry = await openRegistry();
  await pushBlob(registry.url, source, bytes);
});
afterAll(() => registry[Symbol.asyncDispose]());

const post = (name: string, query: string, body: Uint8Array | null = null) =>
  registry.raw(`POST /v2/${name}/blobs/uploads/?${query}`, [], body);

describe("a mount", () => {
  test.each([
    ["with from", "mounted/one", `mount=${digest}&from=${source}`],
    ["with an escaped from", "mounted/two", `mount=${digest}&from=${encodeURIComponent(source)}`],
    ["without from", "mounted/three", `mount=${digest}`],
    ["with an empty from", "mounted/four", `mount=${digest}&from=`],
    [
      "with an escaped digest",
      "mounted/five",
      `from=${source}&mount=${encodeURIComponent(digest)}`,
    ],
    ["from the repository itself", source, `mount=${digest}&from=${source}`],
    ["with the same digest twice", "mounted/six", `mount=${digest}&digest=${digest}`],
  ])("%s is answered with 201 and the blob is there", async (_, name, query) => {
    const answer = await post(name, query);

    expect(answer.status).toBe(201);
    const location = answer.headers.get("location");
    expect(location).toBe(`/v2/${name}/blobs/${digest}`);
    expect(answer.headers.get("docker-content-digest")).toBe(digest);
    const pulled = await fetch(`${registry.url}${location}`);
    expect(Buffer.from(await pulled.arrayBuffer()).equals(bytes)).toBe(true);
  });

  test.each([
    ["of a blob that nobody holds", `mount=${absent}&from=${source}`],
    ["of a blob that nobody holds, without from", `mount=${absent}`],
    ["from a repository that does not hold it", `mount=${digest}&from=team/other`],
    ["from a repository whose name cannot be one", `mount=${digest}&from=Not_A_Name!`],
    ["that names no digest", `from=${source}`],
  ])("%s is answered with 202 and a session for an upload", async (what, query) => {
    const name = `uploaded/${what.replaceAll(/\W+/g, "-")}`;

    const answer = await post(name, query);

    expect(answer.status).toBe(202);
    expect(answer.headers.get("range")).toBe("0-0");
    expect((await registry.raw(`HEAD /v2/${name}/blobs/${digest}`)).status).toBe(404);
    const location = answer.headers.get("location");
    expect(location).toBe(`/v2/${name}/blobs/uploads/${answer.headers.get("docker-upload-uuid")}`);
    const closed = await registry.raw(`PUT ${location}?digest=${digest}`, [], bytes);
    expect(closed.status).toBe(201);
  });

  test.each([
    ["a malformed digest", "mount=sha256:short"],
    ["no digest", "mount="],
    ["two digests", `mount=${digest}&mount=${absent}`],
    ["another digest than the upload's", `mount=${digest}&digest=${absent}`],
  ])("of %s is refused", async (_, query) => {
    const answer = await post("refused", `${query}&from=${source}`);

    expect([answer.status, errorOf(answer)["code"]]).toEqual([400, "DIGEST_INVALID"]);
  });

  test("that is impossible stores the blob from the same request's body", async () => {
    const whole = noise(100);
    const wanted = digestOf(whole);

    const answer = await post("whole", `mount=${wanted}&from=${source}&digest=${wanted}`, whole);

    expect(answer.status).toBe(201);
    expect((await registry.raw(`HEAD /v2/whole/blobs/${wanted}`)).status).toBe(200);
  });

  test("of damaged content starts an upload, which heals it", async () => {
    const damaged = noise(500);
    const wanted = await pushBlob(registry.url, "hurt", damaged);
    const { metadata, storage } = registry.store.rooms;
    const stored = await metadata.contents.findContent(wanted);
    if (stored === null) throw new Error("not stored");
    await storage.content.delete(stored.locator);

    expect((await post("healed", `mount=${wanted}&from=hurt`)).status).toBe(202);
    await pushBlob(registry.url, "healed", damaged);

    expect((await post("healed/too", `mount=${wanted}&from=hurt`)).status).toBe(201);
  });

  test("is counted", async () => {
    await using registry = await openRegistry();
    await pushBlob(registry.url, source, bytes);
    await registry.raw(`POST /v2/app/blobs/uploads/?mount=${digest}&from=${source}`);
    await registry.raw(`POST /v2/app/blobs/uploads/?mount=${absent}&from=${source}`);

    const metrics = await (await fetch(`${registry.url}/metrics`)).text();
    expect(metrics).toContain("breadbox_mounts_total 1");
    expect(metrics).toMatch(/^breadbox_mounted_bytes_total [1-9]\d*$/m);
  });
});
