// Repositories, tags and images over HTTP.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { basic, openClosed } from "./support/accessRoom.ts";
import { encode, imagesOf, names, ociImage, ociIndex } from "./support/images.ts";
import { openRegistry, type TestRegistry } from "./support/registry.ts";

let registry: TestRegistry;
let images: ReturnType<typeof imagesOf>;
beforeEach(async () => {
  registry = await openRegistry();
  images = imagesOf(registry);
});
afterEach(() => registry[Symbol.asyncDispose]());

describe("GET /v1/repositories", () => {
  test("lists repositories with their sizes, searched, sorted and by page", async () => {
    const { configSize } = await images.image("team/app", "1.0", {
      architecture: "amd64",
      layers: ["base", "own"],
    });
    await images.image("team/web", "1.0", {
      architecture: "amd64",
      layers: ["base", "x".repeat(500)],
    });
    await images.image("zoo", "1.0", { architecture: "amd64", layers: ["zebra"], env: "Z=1" });

    const { body } = await images.get("/v1/repositories");
    expect(names(body.repositories)).toEqual(["team/app", "team/web", "zoo"]);
    expect(body.repositories[0]).toEqual({
      ...{ name: "team/app", tags: 1, untagged: 0, blobs: 3 },
      size_bytes: configSize + 7,
      // The layer "base" is in another repository as well; configs name their layers.
      unique_bytes: configSize + 3,
      pushed_at: "2026-01-01T00:00:00.000Z",
      pulled_at: null,
    });
    expect([body.total, body.next]).toEqual([3, null]);
    const bySize = (await images.get("/v1/repositories?sort=size&limit=1")).body;
    expect(names(bySize.repositories)).toEqual(["team/web"]);
    const rest = await images.get(
      `/v1/repositories?sort=size&limit=5&after=${encodeURIComponent(bySize.next)}`,
    );
    expect(names(rest.body.repositories)).toEqual(["team/app", "zoo"]);
    expect(names((await images.get("/v1/repositories?search=WEB")).body.repositories)).toEqual([
      "team/web",
    ]);
    expect(
      names((await images.get("/v1/repositories?search=team*&order=desc")).body.repositories),
    ).toEqual([...["team/web", "team/app"]]);
    expect((await images.get("/v1/repositories/team/app/-/summary")).body).toEqual(
      body.repositories[0],
    );
    expect((await images.get("/v1/repositories?sort=color")).status).toBe(400);
  });

  test("shows callers what they may pull from, and to operators alone what is shared", async () => {
    await using room = await openClosed();
    await room.seed("team/app", "1.0");
    await room.seed("other/app", "1.0");
    const who = await room.token("reader", "team/**:pull");
    const list = async (authorization: string) =>
      JSON.parse(await (await room.ask("GET", "/v1/repositories", authorization)).text())
        .repositories;

    expect(names(await list(who))).toEqual(["team/app"]);
    expect((await list(who))[0].unique_bytes).toBeNull();
    expect((await list(basic("root")))[0].unique_bytes).toBeNumber();
    expect((await room.ask("GET", "/v1/repositories/other/app/-/summary", who)).status).toBe(403);
    const detail = await room.ask("GET", "/v1/repositories/team/app/-/images/1.0", who);
    const layer = JSON.parse(await detail.text()).layers[0];
    expect([layer.repositories, layer.other_repositories, layer.buckets]).toEqual([
      ["team/app"],
      null,
      [],
    ]);
  });
});

describe("the last pull", () => {
  const pulledAt = async () => {
    await registry.pulls.write();
    const { body: all } = await images.get("/v1/repositories?sort=pulled");
    const { body: list } = await images.get("/v1/repositories/team/app/-/tags");
    const { body: one } = await images.get("/v1/repositories/team/app/-/images/1.0");
    return [all.repositories[0].pulled_at, list.tags[0].pulled_at, one.pulled_at];
  };

  test("is that of a client that gets the manifest, by tag or by digest", async () => {
    const { digest } = await images.image("team/app", "1.0", { architecture: "a", layers: ["l"] });
    registry.store.clock.advance(60_000);
    await registry.raw("GET /v2/team/app/manifests/1.0");
    expect(await pulledAt()).toEqual(Array(3).fill("2026-01-01T00:01:00.000Z"));

    registry.store.clock.advance(60_000);
    await registry.raw(`GET /v2/team/app/manifests/${digest}`);
    expect(await pulledAt()).toEqual(Array(3).fill("2026-01-01T00:02:00.000Z"));
  });

  test("is no HEAD, no look at a page, and no manifest that the client has already", async () => {
    const { digest } = await images.image("team/app", "1.0", { architecture: "a", layers: ["l"] });
    await registry.raw("HEAD /v2/team/app/manifests/1.0");
    await registry.raw("GET /v2/team/app/manifests/1.0", [["If-None-Match", `"${digest}"`]]);
    await fetch(`${registry.url}/repositories/team/app/-/images/1.0`, {
      headers: { accept: "text/html" },
    });

    expect(await pulledAt()).toEqual([null, null, null]);
  });
});

describe("the tags of a repository", () => {
  test("have platforms, size and push, and can be sorted by each", async () => {
    const name = "team/app";
    const amd = await images.image(name, "amd", { architecture: "amd64", layers: ["base", "amd"] });
    registry.store.clock.advance(60_000);
    const arm = await images.image(name, "arm", {
      architecture: "arm64",
      layers: ["base", "arm64-own"],
    });
    registry.store.clock.advance(60_000);
    const platform = (architecture: string) => ({ platform: { os: "linux", architecture } });
    await images.put(name, "all", ociIndex, {
      manifests: [
        { ...amd, ...platform("amd64") },
        { ...arm, ...platform("arm64") },
      ],
    });

    const { body } = await images.get(`/v1/repositories/${name}/-/tags`);

    expect(names(body.tags)).toEqual(["all", "amd", "arm"]);
    const [all, one] = body.tags;
    expect([all.kind, all.platforms]).toEqual(["index", ["linux/amd64", "linux/arm64"]]);
    expect([one.kind, one.platforms, one.digest]).toEqual(["image", ["linux/amd64"], amd.digest]);
    expect(one.size_bytes).toBe(amd.configSize + 7);
    // The base layer counts once.
    const own = amd.configSize + arm.configSize + "baseamdarm64-own".length;
    expect(all.size_bytes).toBe(own + amd.size + arm.size);
    const sorted = async (query: string) =>
      names((await images.get(`/v1/repositories/${name}/-/tags?${query}`)).body.tags);
    expect(await sorted("sort=size")).toEqual(["all", "arm", "amd"]);
    expect(await sorted("sort=pushed")).toEqual(["all", "arm", "amd"]);
    expect(await sorted("sort=pushed&order=asc&limit=2")).toEqual(["amd", "arm"]);
    expect(await sorted("search=RM")).toEqual(["arm"]);
    expect((await images.get("/v1/repositories/nobody/-/tags")).status).toBe(404);
  });

  test("are apart from manifests without a name", async () => {
    await images.image("app", "1.0", { architecture: "amd64", layers: ["one"] });
    await images.image("app", "1.0", { architecture: "amd64", layers: ["two"] });

    const { body } = await images.get("/v1/repositories/app/-/untagged");

    expect(body.manifests).toHaveLength(1);
    expect(body.manifests[0].kind).toBe("image");
    expect((await images.get("/v1/repositories/app/-/summary")).body.untagged).toBe(1);
  });
});

describe("an image", () => {
  test("has layers with their commands, who shares them, its config and referrers", async () => {
    const { digest, ...subject } = await images.image("app", "1.0", {
      architecture: "amd64",
      layers: ["base", "own"],
    });
    await images.image("web", "1.0", { architecture: "amd64", layers: ["base"] });
    const empty = await images.blob("app", "application/vnd.oci.empty.v1+json", encode({}));
    const sbom = await images.put("app", null, ociImage, {
      ...{ config: empty, layers: [empty], artifactType: "application/spdx+json" },
      subject: { mediaType: ociImage, digest, size: subject.size },
    });

    const { body } = await images.get("/v1/repositories/app/-/images/1.0");

    expect(body.layers.map((layer: Record<string, unknown>) => layer["command"])).toEqual([
      ...["COPY base", "COPY own"],
    ]);
    expect(body.layers[0].repositories).toEqual(["app", "web"]);
    expect(body.layers[1].other_repositories).toBe(0);
    expect(body.image.env).toEqual(["A=1"]);
    expect([body.image.entrypoint, body.image.ports]).toEqual([["/app"], ["80/tcp"]]);
    expect(body.image.labels).toEqual({ team: "lab" });
    expect([body.digest, body.tags, body.kind]).toEqual([digest, ["1.0"], "image"]);
    expect(
      body.referrers.map((each: Record<string, unknown>) => [each["kind"], each["digest"]]),
    ).toEqual([["sbom", sbom.digest]]);
    expect((await images.get("/v1/repositories/app/-/images/2.0")).status).toBe(404);
  });

  test("that is a Helm chart shows Chart.yaml", async () => {
    const chart = { name: "nginx", version: "1.2.3", appVersion: "1.27", description: "A server" };
    const config = await images.blob(
      "charts/nginx",
      "application/vnd.cncf.helm.config.v1+json",
      encode(chart),
    );
    const layer = await images.blob(
      "charts/nginx",
      "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
      encode([1]),
    );
    await images.put("charts/nginx", "1.2.3", ociImage, { config, layers: [layer] });

    const { body } = await images.get("/v1/repositories/charts/nginx/-/images/1.2.3");

    expect([body.kind, body.platforms, body.image]).toEqual(["helm", [], null]);
    expect([body.chart.name, body.chart.app_version]).toEqual(["nginx", "1.27"]);
  });

  test("is compared with another one: layers, config, sizes", async () => {
    await images.image("app", "1.0", { architecture: "amd64", layers: ["base", "old"] });
    await images.image("app", "2.0", {
      architecture: "amd64",
      layers: ["base", "newer"],
      env: "A=2",
    });

    const { body } = await images.get("/v1/repositories/app/-/comparison/1.0?with=2.0");

    expect(body.layers.map((layer: Record<string, unknown>) => layer["in"])).toEqual([
      "both",
      "from",
      "to",
    ]);
    expect(body.config).toEqual([{ name: "env A", from: "A=1".slice(2), to: "2" }]);
    expect([body.shared_bytes, body.removed_bytes, body.added_bytes]).toEqual([4, 3, 5]);
    expect((await images.get("/v1/repositories/app/-/comparison/1.0?with=:")).status).toBe(400);
  });
});
