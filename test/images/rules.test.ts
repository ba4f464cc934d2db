// The pure rules about images: what a manifest is, how lists are cut into pages, what people write to name something.
import { describe, expect, test } from "bun:test";
import { readChart, readConfig, readManifest } from "../../src/images/documents.ts";
import { kindOf } from "../../src/images/kinds.ts";
import { cutPage, type Listed, likePattern, searcher } from "../../src/images/pages.ts";
import { printTarget, readTarget } from "../../src/images/targets.ts";

const ociImage = "application/vnd.oci.image.manifest.v1+json";
const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

describe("a manifest is", () => {
  const config = "application/vnd.oci.image.config.v1+json";
  const empty = "application/vnd.oci.empty.v1+json";
  test.each([
    ["index", { mediaType: "application/vnd.oci.image.index.v1+json" }],
    ["index", { mediaType: "application/vnd.docker.distribution.manifest.list.v2+json" }],
    ["image", { configType: config, layerTypes: ["application/vnd.oci.image.layer.v1.tar+gzip"] }],
    ["image", { configType: "application/vnd.docker.container.image.v1+json" }],
    ["helm", { configType: "application/vnd.cncf.helm.config.v1+json" }],
    [
      "signature",
      { configType: config, layerTypes: ["application/vnd.dev.cosign.simplesigning.v1+json"] },
    ],
    ["signature", { artifactType: "application/vnd.cncf.notary.signature", configType: empty }],
    ["signature", { artifactType: "application/vnd.dev.sigstore.bundle.v0.3+json" }],
    [
      "attestation",
      {
        artifactType: "application/vnd.dev.sigstore.bundle.v0.3+json",
        annotations: { "dev.sigstore.bundle.content": "dsse-envelope" },
      },
    ],
    ["attestation", { configType: config, layerTypes: ["application/vnd.in-toto+json"] }],
    ["sbom", { artifactType: "application/spdx+json", configType: empty }],
    ["sbom", { artifactType: "application/vnd.cyclonedx+json" }],
    ["model", { configType: "application/vnd.docker.ai.model.config.v0.1+json" }],
    ["model", { layerTypes: ["application/vnd.ollama.image.model"] }],
    ["artifact", { artifactType: "application/vnd.example.thing", configType: empty }],
    ["artifact", {}],
  ] as const)("%s: %p", (kind, facts) => {
    const none = { artifactType: null, configType: null, layerTypes: [], annotations: {} };
    expect(kindOf({ mediaType: ociImage, ...none, ...facts })).toBe(kind);
  });
});

test("members of another type than they should have are as good as absent", () => {
  const body = encode({
    config: 7,
    layers: [{ digest: "x" }, null],
    annotations: { a: 1, b: "c" },
  });
  expect(readManifest(body, { mediaType: ociImage })).toEqual({
    ...{ kind: "artifact", config: null, layers: [], children: [], subject: null },
    annotations: { b: "c" },
  });
  const config = readConfig(
    encode({ os: "linux", config: { Env: ["A=1", 2], Cmd: "sh" }, history: 3 }),
  );
  expect([config.platform, config.env, config.command, config.history]).toEqual([
    null,
    ["A=1"],
    [],
    [],
  ]);
  expect(readConfig(new Uint8Array([255])).platform).toBeNull();
  const chart = {
    name: "a",
    dependencies: [{ name: "b", version: "1" }, {}],
    maintainers: [{ name: "c" }],
  };
  expect(readChart(encode(chart))).toMatchObject({
    name: "a",
    dependencies: ["b 1"],
    maintainers: ["c"],
  });
});

describe("pages", () => {
  const rows = ["b", "a", "d", "c"].map((name) => ({ name, size: name < "c" ? 1 : 2 }));
  const keyOf = ({ name, size }: { name: string; size: number }) => ({ number: size, name });

  test.each([false, true])("follow each other without a gap, descending: %p", (isDescending) => {
    const seen: string[] = [];
    for (let after: string | null = null; ; ) {
      const page: Listed<(typeof rows)[number]> = cutPage(rows, keyOf, {
        isDescending,
        after,
        limit: 1,
      });
      seen.push(...page.rows.map(({ name }) => name));
      after = page.next;
      if (after === null) break;
    }
    expect(seen).toEqual(isDescending ? ["d", "c", "b", "a"] : ["a", "b", "c", "d"]);
  });

  test("begin where a page has ended, even if that row is gone", () => {
    const page = { isDescending: false, after: "1 aa", limit: 9 };
    expect(cutPage(rows, keyOf, page).rows.map(({ name }) => name)).toEqual(["b", "c", "d"]);
    expect(() => cutPage(rows, keyOf, { ...page, after: "a b" })).toThrow("`next`");
  });

  test.each([
    ["app", ["team/app", "APP-2"], ["team"], "%app%"],
    ["team/*", ["team/app", "team/a/b"], ["my/team/app"], "team/%"],
    ["v?_%", ["v1_%"], ["v12", "v1_%x"], "v_\\_\\%"],
  ])("search %p", (search, found, others, like) => {
    const isFound = searcher(search);
    expect(found.map(isFound)).toEqual(found.map(() => true));
    expect(others.map(isFound)).toEqual(others.map(() => false));
    expect(likePattern(search)).toBe(like);
  });
});

test.each([
  ["team/app", "team/app"],
  ["team/app:1.0", "team/app:1.0"],
  ["localhost:5000/team/app:1.0", "team/app:1.0"],
  [`app@sha256:${"a".repeat(64)}`, `app@sha256:${"a".repeat(64)}`],
  ["App", null],
  ["app:", null],
  ["localhost:5000/team/app", null],
])("the target %p is %p", (text, printed) => {
  const target = readTarget(text);
  expect(target === null ? null : printTarget(target)).toBe(printed);
});
