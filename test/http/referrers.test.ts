// Referrers as clients push, list, filter and page them (distribution-spec, "Listing Referrers" and "Enabling the Referrers API").
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { digestOf } from "../../src/model/digest.ts";
import { imageType, pushBlob, pushImage } from "./support/image.ts";
import { errorOf, openRegistry, type TestRegistry } from "./support/registry.ts";

const indexType = "application/vnd.oci.image.index.v1+json";
const unknown = `sha256:${"0".repeat(64)}`;
const empty = { schemaVersion: 2, mediaType: indexType, manifests: [] };
const braces = new TextEncoder().encode("{}");

let registry: TestRegistry;
beforeAll(async () => {
  registry = await openRegistry();
});
afterAll(() => registry[Symbol.asyncDispose]());

const get = (path: string): Promise<Response> => fetch(`${registry.url}${path}`);
const list = (name: string, subject: string, query = "") =>
  get(`/v2/${name}/referrers/${subject}${query}`);

/** What a page lists. */
async function digestsOf(answer: Response): Promise<string[]> {
  const { manifests } = (await answer.json()) as { manifests: { digest: string }[] };
  return manifests.map(({ digest }) => digest);
}

async function put(name: string, reference: string, body: string, mediaType = imageType) {
  const answer = await fetch(`${registry.url}/v2/${name}/manifests/${reference}`, {
    method: "PUT",
    headers: { "content-type": mediaType },
    body,
  });
  if (answer.status !== 201) throw new Error(await answer.text());
  return answer;
}

/** Pushes a manifest about `subject`, as oras attach does. @returns its digest. */
async function attach(name: string, subject: string, more: Readonly<Record<string, unknown>> = {}) {
  const config = await pushBlob(registry.url, name, braces);
  const body = JSON.stringify({
    schemaVersion: 2,
    mediaType: imageType,
    config: { mediaType: "application/vnd.oci.empty.v1+json", digest: config, size: 2 },
    layers: [],
    subject: { mediaType: imageType, digest: subject, size: 10 },
    ...more,
  });
  const digest = digestOf(Buffer.from(body));
  const answer = await put(name, digest, body);
  expect(answer.headers.get("oci-subject")).toBe(subject);
  return digest;
}

const remove = (name: string, digest: string) =>
  fetch(`${registry.url}/v2/${name}/manifests/${digest}`, { method: "DELETE" });

describe("the list of referrers", () => {
  test("is an empty index for a subject without referrers, also in an unknown repository", async () => {
    await pushImage(registry.url, { name: "known", tag: "1.0" });
    for (const name of ["known", "unknown/repository"]) {
      const answer = await list(name, unknown);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("content-type")).toBe(indexType);
      expect(answer.headers.get("link")).toBeNull();
      expect(answer.headers.get("oci-filters-applied")).toBeNull();
      expect(await answer.json()).toEqual(empty);
    }
  });

  test.each([
    "sha256:xyz",
    "latest",
    "sha256:",
    `sha1:${"0".repeat(40)}`,
    `SHA256:${"0".repeat(64)}`,
  ])("of %s is refused: no digest", async (subject) => {
    const answer = await registry.raw(`GET /v2/known/referrers/${subject}`);
    expect([answer.status, errorOf(answer)["code"]]).toEqual([400, "DIGEST_INVALID"]);
  });

  test("agrees with HEAD", async () => {
    const name = "head";
    await attach(name, unknown, { artifactType: "a/b", number: 1 });
    await attach(name, unknown, { artifactType: "a/b", number: 2 });
    const path = `/v2/${name}/referrers/${unknown}?artifactType=a/b&n=1`;

    const full = await registry.raw(`GET ${path}`);
    const head = await registry.raw(`HEAD ${path}`);

    const told = ["content-type", "content-length", "link", "oci-filters-applied"];
    expect(head.status).toBe(full.status);
    for (const header of told) expect(head.headers.get(header)).toBe(full.headers.get(header));
    expect(full.headers.get("content-length")).toBe(String(full.body.length));
    expect(head.body.length).toBe(0);
  });

  test("has referrers pushed before their subject, and after it was deleted, until they are deleted", async () => {
    const name = "order";
    const image = await pushImage(registry.url, { name: "elsewhere", tag: "1.0" });
    const annotations = { "org.example.a": "b" };
    const digest = await attach(name, image.digest, { artifactType: "a/b", annotations });
    const size = expect.any(Number);
    const entry = { mediaType: imageType, digest, size, artifactType: "a/b", annotations };

    const before = await (await list(name, image.digest)).json();
    expect(before).toEqual({ ...empty, manifests: [entry] });
    expect(await digestsOf(await list("elsewhere", image.digest))).toEqual([]);

    for (const blob of [image.layer, braces])
      await pushBlob(registry.url, name, new Uint8Array(blob));
    await put(name, "1.0", image.manifest);
    expect(await digestsOf(await list(name, image.digest))).toEqual([digest]);
    expect((await remove(name, image.digest)).status).toBe(202);
    expect(await digestsOf(await list(name, image.digest))).toEqual([digest]);
    expect((await remove(name, digest)).status).toBe(202);
    expect(await digestsOf(await list(name, image.digest))).toEqual([]);
  });

  test("is filtered by type, with OCI-Filters-Applied", async () => {
    const name = "filter";
    const artifactType = "application/vnd.example+json; a=b";
    const wanted = await attach(name, unknown, { artifactType });
    const untyped = await attach(name, unknown);

    const filtered = await list(name, unknown, `?artifactType=${encodeURIComponent(artifactType)}`);
    expect(filtered.headers.get("oci-filters-applied")).toBe("artifactType");
    expect(await digestsOf(filtered)).toEqual([wanted]);
    const byConfig = await list(name, unknown, "?artifactType=application/vnd.oci.empty.v1%2Bjson");
    expect(await digestsOf(byConfig)).toEqual([untyped]);
    const nothing = await list(name, unknown, "?artifactType=x/y");
    expect(nothing.headers.get("oci-filters-applied")).toBe("artifactType");
    expect(await nothing.json()).toEqual(empty);
    for (const query of ["?artifactType=", "?artifactType=x/y&artifactType=a/b"]) {
      const all = await list(name, unknown, query);
      expect(all.headers.get("oci-filters-applied")).toBeNull();
      expect(await digestsOf(all)).toEqual([wanted, untyped].toSorted());
    }
  });

  test("has pages whose links keep the filter", async () => {
    const name = "pages/of";
    const artifactType = "a/b+c d&e";
    const digests: string[] = [];
    for (let number = 0; number < 5; number += 1) {
      digests.push(await attach(name, unknown, { artifactType, number }));
      await attach(name, unknown, { artifactType: "a/other", number });
    }

    const seen: string[] = [];
    let next: string | null =
      `/v2/${name}/referrers/${unknown}?n=2&artifactType=${encodeURIComponent(artifactType)}`;
    while (next !== null) {
      const answer: Response = await get(next);
      expect(answer.headers.get("oci-filters-applied")).toBe("artifactType");
      const page = await digestsOf(answer);
      expect(page.length).toBeGreaterThan(0);
      seen.push(...page);
      const link: string | null = answer.headers.get("link");
      expect(link === null || /^<\/v2\/[^>]*>; rel="next"$/.test(link)).toBe(true);
      next = link?.slice(1, link.indexOf(">")) ?? null;
    }
    expect(seen).toEqual(digests.toSorted());
  });

  test.each(["?n=-1", "?n=x", "?n=1&n=2"])("refuses %s", async (query) => {
    expect((await list("known", unknown, query)).status).toBe(400);
  });

  test("has the referrers of a client that used the referrers tag schema", async () => {
    const name = "tagged";
    const digest = await attach(name, unknown, { artifactType: "a/b" });
    const size = Number(
      (await get(`/v2/${name}/manifests/${digest}`)).headers.get("content-length"),
    );
    const manifests = [{ mediaType: imageType, digest, size, artifactType: "a/b" }];
    const tag = unknown.replace(":", "-");

    const answer = await put(name, tag, JSON.stringify({ ...empty, manifests }), indexType);

    expect(answer.headers.get("warning")).toMatch(/^299 - "[^"]*referrers tag sha256-0{64}[^"]*"$/);
    expect(answer.headers.get("oci-subject")).toBeNull();
    expect(await (await list(name, unknown)).json()).toEqual({ ...empty, manifests });
  });
});
