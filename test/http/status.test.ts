// How the server is, and what its space is used for.
import { describe, expect, test } from "bun:test";
import { noCounts } from "../../src/metadata/gcRuns.ts";
import { basic, openClosed } from "./support/accessRoom.ts";
import { pushBlob, pushImage } from "./support/image.ts";
import { encode, imagesOf, ociImage } from "./support/images.ts";
import { openRegistry } from "./support/registry.ts";

const hour = 3_600_000;

describe("GET /v1/usage", () => {
  test("divides all bytes by what holds them", async () => {
    await using registry = await openRegistry();
    const images = imagesOf(registry);
    const { url } = registry;
    const { digest, manifest } = await pushImage(url, { name: "app", tag: "1.0", size: 1000 });
    await pushImage(url, { name: "app", tag: "moved", size: 300 });
    await pushImage(url, { name: "app", tag: "moved", size: 500 });
    const sbom = await images.blob("app", "text/spdx", encode("sbom"));
    await images.put("app", null, ociImage, {
      ...{ config: sbom, layers: [], artifactType: "application/spdx+json" },
      subject: { mediaType: ociImage, digest, size: manifest.length },
    });
    await registry.raw("POST /v1/buckets", [], '{"name":"files"}');
    await registry.raw("PUT /v1/buckets/files/objects/a", [], "object");
    const config = 2;

    const early = (await images.get("/v1/usage")).body;
    await pushBlob(url, "app", new Uint8Array(70));
    registry.store.clock.advance(2 * hour);
    await pushBlob(url, "app", new Uint8Array(40));
    const { body } = await images.get("/v1/usage");

    expect(early.held_by).toEqual({
      ...{ tags: 1000 + 500 + config, untagged: 300, referrers: sbom.size },
      ...{ objects: 6, leases: 0, loose: 0 },
    });
    expect(body.held_by).toEqual({ ...early.held_by, leases: 40, loose: 70 });
    expect(body.size_bytes).toBe(early.size_bytes + 110);
    expect(body.untagged_manifests).toBe(1);
    expect(body.repositories).toMatchObject([{ name: "app", untagged: 1, untagged_bytes: 300 }]);
  });

  test("follows an index without a name to what only it names", async () => {
    await using registry = await openRegistry();
    const images = imagesOf(registry);
    const one = await images.image("app", null, { architecture: "amd64", layers: ["one"] });
    const list = { manifests: [one] };
    const index = "application/vnd.oci.image.index.v1+json";
    await images.put("app", "all", index, list);
    await images.put("app", "all", index, { ...list, annotations: { build: "2" } });
    const used = async () => (await images.get("/v1/usage")).body.held_by;

    // The image is in the index that has the tag now.
    expect((await used()).untagged).toBe(0);
    await registry.raw("DELETE /v2/app/manifests/all");
    expect(await used()).toMatchObject({ tags: 0, untagged: one.configSize + 3 });
  });
});

describe("GET /v1/why", () => {
  test("names what keeps a blob, and since when nothing does", async () => {
    await using registry = await openRegistry();
    const images = imagesOf(registry);
    const { digest, layerDigest } = await pushImage(registry.url, {
      name: "app",
      tag: "1.0",
      size: 1000,
    });
    const why = async (name: string) => (await images.get(`/v1/why?name=${name}`)).body;

    expect(await why("app:1.0")).toMatchObject({ digest, is_manifest: true });
    expect(await why(layerDigest)).toMatchObject({
      ...{ digest: layerDigest, is_manifest: false, content: { size: 1000 }, garbage: null },
      kept_by: [{ repository: "app", tags: ["1.0"], manifests: [{ digest }] }],
    });

    await registry.raw(`DELETE /v2/app/manifests/${digest}`);
    registry.store.clock.advance(2 * hour);
    expect(await why(layerDigest)).toMatchObject({
      ...{ kept_by: [], leased_until: null, links: ["app"] },
      garbage: { since: expect.any(String), deletable_from: expect.any(String) },
    });
  });

  test("refuses names of nothing with words that help, and is for operators", async () => {
    await using registry = await openRegistry();
    await pushImage(registry.url, { name: "app", tag: "1.0", size: 10 });
    const refusal = async (query: string) => {
      const { status, body } = await registry.raw(`GET /v1/why${query}`);
      return [status, JSON.parse(body.toString()).errors[0].message];
    };

    expect(await refusal("")).toEqual([400, "name is missing"]);
    expect(await refusal("?name=0123")).toEqual([
      400,
      expect.stringContaining("neither an image nor a digest"),
    ]);
    expect(await refusal("?name=app:2.0")).toEqual([
      404,
      "There is no tag app:2.0. Tags of app: 1.0.",
    ]);
    expect(await refusal("?name=0123456789")).toEqual([
      404,
      expect.stringContaining("Nothing here"),
    ]);

    await using room = await openClosed();
    const reader = await room.token("reader", "**:pull");
    expect(await room.status("GET", "/v1/why?name=app:1.0", reader)).toBe(403);
  });
});

describe("GET /v1/status", () => {
  test("says what is stored, and of the last collection that was not dry", async () => {
    await using registry = await openRegistry();
    await pushImage(registry.url, { name: "app", tag: "1.0", size: 1000 });
    const { gcRuns } = registry.store.rooms.metadata;
    const startedAt = registry.store.clock.now();
    const run = { trigger: "schedule", dryRun: false, startedAt } as const;
    const ids = ["01a1f7e6-0b1c-7f3a-9d24-6a0c3b1e7f55", "01a1f7e6-0b1c-7f3a-9d24-6a0c3b1e7f56"];
    const [id = "", dry = ""] = ids;
    await gcRuns.beginRun({ ...run, id });
    const ending = { counts: noCounts, finishedAt: startedAt + 1 };
    await gcRuns.endRun(id, { ...ending, state: "failed", reason: "the disk is gone" });
    await gcRuns.beginRun({ ...run, id: dry, dryRun: true });
    await gcRuns.endRun(dry, { ...ending, state: "done", reason: null });

    const { body } = await imagesOf(registry).get("/v1/status");

    expect(body).toMatchObject({
      ...{ repositories: 1, tags: 1, blobs: 2, size_bytes: 1002, users: 0, uploads: 0 },
      space: { free_bytes: 50, total_bytes: 100 },
      last_collection: { id, state: "failed" },
      server: { door: "open", loopback: true, read_only: null },
    });
    expect(body.warnings).toEqual([
      {
        ...{ code: "gc-failed", level: "problem" },
        text: "The last garbage collection failed: the disk is gone",
      },
    ]);
  });

  test("warns of an open server that others reach, and is for operators", async () => {
    await using registry = await openRegistry({ isLoopback: false, auth: "none" });
    const codes = async () =>
      (await imagesOf(registry).get("/v1/status")).body.warnings.map(
        ({ code }: { readonly code: string }) => code,
      );
    expect(await codes()).toEqual(["open", "plain-http"]);
    registry.store.rooms.latch.trip("a sync failed", new Error("EIO"));
    expect(await codes()).toEqual(["read-only", "open", "plain-http"]);

    await using room = await openClosed();
    const reader = await room.token("reader", "**:pull");
    expect(await room.status("GET", "/v1/status", reader)).toBe(403);
    expect(await room.status("GET", "/v1/usage", reader)).toBe(403);
    expect(await room.status("GET", "/v1/status", basic("root"))).toBe(200);
  });
});
