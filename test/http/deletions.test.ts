import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { digestOf } from "../../src/model/digest.ts";
import { noise } from "../support/store.ts";
import { imageType, pushBlob, pushImage } from "./support/image.ts";
import { errorOf, openRegistry, type TestRegistry } from "./support/registry.ts";

let registry: TestRegistry;
beforeAll(async () => {
  registry = await openRegistry();
});
afterAll(() => registry[Symbol.asyncDispose]());

const ask = (method: string, path: string) => registry.raw(`${method} /v2/${path}`);
const status = async (method: string, path: string) => (await ask(method, path)).status;

async function tag(name: string, manifest: string, reference: string): Promise<void> {
  const { status } = await fetch(`${registry.url}/v2/${name}/manifests/${reference}`, {
    method: "PUT",
    headers: { "content-type": imageType },
    body: manifest,
  });
  expect(status).toBe(201);
}

async function tagsOf(name: string): Promise<unknown> {
  const { body } = await ask("GET", `${name}/tags/list`);
  return JSON.parse(body.toString()).tags;
}

describe("deleting a tag", () => {
  test("keeps the manifest and its other tags, and an empty tag list", async () => {
    const name = "tags/nested/app";
    const { manifest, digest } = await pushImage(registry.url, { name, tag: "1.0" });
    await tag(name, manifest, "latest");

    const answer = await ask("DELETE", `${name}/manifests/1.0`);

    expect([answer.status, answer.body.length]).toEqual([202, 0]);
    expect(answer.headers.get("docker-content-digest")).toBe(digest);
    expect(await status("HEAD", `${name}/manifests/1.0`)).toBe(404);
    expect(await status("HEAD", `${name}/manifests/${digest}`)).toBe(200);
    expect(await tagsOf(name)).toEqual(["latest"]);

    const again = await ask("DELETE", `${name}/manifests/1.0`);
    expect([again.status, errorOf(again)["code"]]).toEqual([404, "MANIFEST_UNKNOWN"]);

    await ask("DELETE", `${name}/manifests/latest`);
    expect(await tagsOf(name)).toEqual([]);
    expect(await status("GET", `${name}/manifests/${digest}`)).toBe(200);
  });

  test.each(["nobody/here/manifests/latest", "tags/nested/app/manifests/-malformed"])(
    "%s is unknown when there is none",
    async (path) => {
      const answer = await ask("DELETE", path);
      expect([answer.status, errorOf(answer)["code"]]).toEqual([404, "MANIFEST_UNKNOWN"]);
    },
  );
});

describe("deleting a manifest", () => {
  test("deletes its tags, and the last one removes the repository from the catalog", async () => {
    const name = "manifests/app";
    const { manifest, digest } = await pushImage(registry.url, { name, tag: "1.0" });
    await tag(name, manifest, "latest");
    const catalog = async () => (await ask("GET", "_catalog")).body.toString();
    expect(await catalog()).toContain(name);

    expect(await status("DELETE", `${name}/manifests/${digest}`)).toBe(202);

    for (const reference of ["1.0", "latest", digest]) {
      expect(await status("GET", `${name}/manifests/${reference}`)).toBe(404);
      expect(await status("DELETE", `${name}/manifests/${reference}`)).toBe(404);
    }
    expect(await tagsOf(name)).toEqual([]);
    expect(await catalog()).not.toContain(name);
  });

  test("32 times at once succeeds exactly once", async () => {
    const name = "manifests/busy";
    const { digest } = await pushImage(registry.url, { name, tag: "1.0" });

    const statuses = await Promise.all(
      Array.from({ length: 32 }, () => status("DELETE", `${name}/manifests/${digest}`)),
    );

    expect(statuses.sort()).toEqual([202, ...Array.from({ length: 31 }, () => 404)]);
  });

  test("is denied while a tag is immutable", async () => {
    const name = "manifests/locked";
    const { digest } = await pushImage(registry.url, { name, tag: "locked-1" });

    for (const reference of ["locked-1", digest]) {
      const answer = await ask("DELETE", `${name}/manifests/${reference}`);
      expect([answer.status, errorOf(answer)["code"]]).toEqual([403, "DENIED"]);
      expect(errorOf(answer)["message"]).toContain("locked-1 is immutable: the pattern locked*");
    }
    expect(await status("HEAD", `${name}/manifests/locked-1`)).toBe(200);
  });
});

describe("deleting a blob", () => {
  test("removes it from one repository at once, though another one holds it", async () => {
    const bytes = noise(100);
    const digest = await pushBlob(registry.url, "blobs/one", bytes);
    await pushBlob(registry.url, "blobs/two", bytes);

    const answer = await ask("DELETE", `blobs/one/blobs/${digest}`);

    expect([answer.status, answer.body.length]).toEqual([202, 0]);
    for (const method of ["HEAD", "GET", "DELETE"]) {
      expect(await status(method, `blobs/one/blobs/${digest}`)).toBe(404);
    }
    expect(await status("GET", `blobs/two/blobs/${digest}`)).toBe(200);
    await pushBlob(registry.url, "blobs/one", bytes);
    expect(await status("HEAD", `blobs/one/blobs/${digest}`)).toBe(200);
  });

  test("is refused while a manifest refers to it, and names the manifest", async () => {
    const name = "blobs/used";
    const { digest, layerDigest } = await pushImage(registry.url, { name, tag: "1.0" });

    const answer = await ask("DELETE", `${name}/blobs/${layerDigest}`);

    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    expect(errorOf(answer)).toEqual({
      code: "UNSUPPORTED",
      message: `the manifest ${digest} (tag 1.0) refers to this blob; delete the manifest first`,
      detail: { digest: layerDigest, manifest: digest, tag: "1.0" },
    });
    expect(await status("GET", `${name}/blobs/${layerDigest}`)).toBe(200);

    await ask("DELETE", `${name}/manifests/${digest}`);
    expect(await status("DELETE", `${name}/blobs/${layerDigest}`)).toBe(202);
  });

  test("makes a repeated closing request of its upload fail", async () => {
    const name = "blobs/session";
    const digest = digestOf(Buffer.from("x"));
    const opened = await fetch(`${registry.url}/v2/${name}/blobs/uploads/`, { method: "POST" });
    const close = () =>
      registry.raw(`PUT ${opened.headers.get("location")}?digest=${digest}`, [], "x");
    expect((await close()).status).toBe(201);
    expect((await close()).status).toBe(201);

    await ask("DELETE", `${name}/blobs/${digest}`);

    expect((await close()).status).toBe(404);
  });

  test("with a malformed digest is DIGEST_INVALID", async () => {
    const answer = await ask("DELETE", "blobs/one/blobs/sha256:short");
    expect([answer.status, errorOf(answer)["code"]]).toEqual([400, "DIGEST_INVALID"]);
  });
});

describe("a deletion", () => {
  test("writes one log line and counts by kind", async () => {
    await using registry = await openRegistry();
    const name = "team/app";
    const { digest, layerDigest } = await pushImage(registry.url, { name, tag: "1.0" });
    registry.lines.length = 0;

    for (const path of [
      `manifests/1.0`,
      `manifests/${digest}`,
      `blobs/${layerDigest}`,
      "blobs/x",
    ]) {
      await registry.raw(`DELETE /v2/${name}/${path}`, [["X-Request-Id", "mine"]]);
    }

    const short = digest.slice(0, 19);
    const deletions = registry.lines.filter(({ event }) => event === "delete");
    expect(deletions.map(({ msg }) => msg)).toEqual([
      `delete tag team/app:1.0 ${short}`,
      `delete manifest team/app@${short}, 0 tags`,
      `delete blob team/app@${layerDigest.slice(0, 19)}`,
    ]);
    expect(deletions[1]).toEqual({
      level: "info",
      time: expect.any(String),
      msg: expect.any(String),
      event: "delete",
      kind: "manifest",
      repository: name,
      reference: digest,
      digest,
      tags: 0,
      who: null,
      requestId: "mine",
      address: "127.0.0.1",
      client: null,
    });
    const metrics = await (await fetch(`${registry.url}/metrics`)).text();
    for (const kind of ["tag", "manifest", "blob"]) {
      expect(metrics).toContain(`breadbox_deletions_total{kind="${kind}"} 1`);
    }
  });
});
