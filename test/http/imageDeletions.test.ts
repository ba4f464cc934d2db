// Deletions after a plan, over HTTP.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { imagesOf, names, ociImage, ociIndex } from "./support/images.ts";
import { errorOf, openRegistry, type TestRegistry } from "./support/registry.ts";

let registry: TestRegistry;
let images: ReturnType<typeof imagesOf>;
beforeEach(async () => {
  registry = await openRegistry();
  images = imagesOf(registry);
});
afterEach(() => registry[Symbol.asyncDispose]());

describe("POST /v1/deletions", () => {
  test("plans the deletion of a tag, whose manifest stays and keeps its bytes", async () => {
    const { digest, configSize } = await images.image("app", "1.0", {
      architecture: "amd64",
      layers: ["base"],
    });
    await images.put("app", "two", ociImage, JSON.parse(await images.manifestOf("app", "1.0")));
    await images.image("app", "same", { architecture: "amd64", layers: ["base"] });

    const { body } = await images.remove(["app:1.0"]);

    expect(body.deleted).toBeNull();
    const [{ tags, manifests, whole }] = body.plan.repositories;
    expect([manifests, whole]).toEqual([[], false]);
    expect(tags).toEqual([
      {
        ...{ name: "1.0", digest, locked_by: null, indexes: 0 },
        ...{ other_tags: ["same", "two"], leaves_untagged: false },
      },
    ]);
    const all = (await images.remove(["app:1.0", "app:same", "app:two"])).body.plan;
    expect(all.kept_by_untagged_bytes).toBe(configSize + 4);
    expect(all.released.now_bytes + all.released.later_bytes).toBe(0);
    const done = await images.remove(["app:1.0", "app:same", "app:two"], all.id);
    expect(done.body).toEqual({ plan: null, deleted: { tags: 3, manifests: 0 } });
    expect((await images.get("/v1/repositories/app/-/tags")).body.tags).toEqual([]);
    expect((await images.get("/v1/repositories/app/-/untagged")).body.manifests).toHaveLength(1);
  });

  test("plans what goes with an index, what comes back, and does exactly that", async () => {
    const amd = await images.image("app", null, { architecture: "amd64", layers: ["base", "amd"] });
    const arm = await images.image("app", "arm", {
      architecture: "arm64",
      layers: ["base", "arm"],
    });
    const index = await images.put("app", "all", ociIndex, { manifests: [amd, arm] });
    const { body } = await images.remove([`app@${index.digest}`]);

    const [{ manifests }] = body.plan.repositories;
    expect(
      manifests.map((each: Record<string, unknown>) => [
        each["digest"],
        each["reason"],
        each["tags"],
      ]),
    ).toEqual([
      [index.digest, "asked", ["all"]],
      [amd.digest, "child", []],
    ]);
    // The grace period of what was just pushed is not over.
    const released = { now_bytes: 0, shared_bytes: 4, object_bytes: 0 };
    expect(body.plan.released).toMatchObject({ ...released, later_bytes: amd.configSize + 3 });
    registry.store.clock.advance(2 * 3_600_000);
    const later = await images.remove([`app@${index.digest}`]);
    expect(later.body.plan.id).toBe(body.plan.id);
    expect(later.body.plan.released).toMatchObject({
      now_bytes: amd.configSize + 3,
      later_at: null,
    });

    const done = await images.remove([`app@${index.digest}`], body.plan.id);
    expect(done.body.deleted).toEqual({ tags: 1, manifests: 2 });
    expect(names((await images.get("/v1/repositories/app/-/tags")).body.tags)).toEqual(["arm"]);
  });

  test("leaves what is about an image that stays, although a deleted index names both", async () => {
    const { image, put, blob, remove } = images;
    const one = await image("app", "kept", { architecture: "amd64", layers: ["one"] });
    const empty = await blob("app", "application/vnd.in-toto+json", new TextEncoder().encode("{}"));
    const subject = { mediaType: ociImage, digest: one.digest, size: one.size };
    const about = await put("app", null, ociImage, { config: empty, layers: [empty], subject });
    const index = await put("app", "all", ociIndex, { manifests: [about, one] });

    const deleted = async () =>
      (await remove([`app@${index.digest}`])).body.plan.repositories[0].manifests.map(
        ({ digest }: { readonly digest: string }) => digest,
      );
    expect(await deleted()).toEqual([index.digest]);

    await registry.raw("DELETE /v2/app/manifests/kept");
    expect(await deleted()).toEqual([index.digest, one.digest, about.digest]);
  });

  test("says which indexes break, and takes a repository with everything", async () => {
    const amd = await images.image("app", null, { architecture: "amd64", layers: ["amd"] });
    const index = await images.put("app", "all", ociIndex, { manifests: [amd] });
    const broken = (await images.remove([`app@${amd.digest}`])).body.plan.repositories[0]
      .manifests[0];
    expect(broken.broken_indexes).toEqual([index.digest]);

    const { plan } = (await images.remove(["app"])).body;
    expect(plan.repositories[0].whole).toBe(true);
    expect((await images.remove(["app"], plan.id)).body.deleted).toEqual({ tags: 1, manifests: 2 });
    expect((await images.get("/v1/repositories")).body.repositories).toEqual([]);
    expect((await images.remove(["app", "nobody:1.0"])).body.plan.absent).toEqual([
      "app",
      "nobody:1.0",
    ]);
  });

  test("is refused when something else would be deleted than the plan said", async () => {
    await images.image("app", "1.0", { architecture: "amd64", layers: ["one"] });
    const { plan } = (await images.remove(["app"])).body;
    await images.image("app", "2.0", { architecture: "amd64", layers: ["two"] });

    const refused = await images.remove(["app"], plan.id);

    expect(refused.status).toBe(409);
    expect(errorOf({ body: Buffer.from(JSON.stringify(refused.body)) })["message"]).toContain(
      "plan",
    );
    expect(names((await images.get("/v1/repositories/app/-/tags")).body.tags)).toEqual([
      "1.0",
      "2.0",
    ]);
  });

  test("deletes nothing of a plan with a locked tag", async () => {
    await images.image("app", "1.0", { architecture: "amd64", layers: ["one"] });
    await images.image("app", "locked-1", { architecture: "amd64", layers: ["two"] });
    const { plan } = (await images.remove(["app"])).body;
    const locked = plan.repositories[0].manifests.map(
      (each: Record<string, unknown>) => each["locked"],
    );
    expect(locked).toContainEqual({ tag: "locked-1", pattern: "locked*" });

    expect((await images.remove(["app"], plan.id)).status).toBe(403);
    expect(names((await images.get("/v1/repositories/app/-/tags")).body.tags)).toEqual([
      "1.0",
      "locked-1",
    ]);
  });

  test.each([["app:"], ["App"], [""], ["app@sha256:1"]])(
    "refuses the target %p",
    async (target) => {
      const { status } = await images.remove([target]);
      expect(status).toBe(400);
    },
  );
});
