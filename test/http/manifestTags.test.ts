// What a push of a manifest sets and tells beside storing it: several tags at once, locked tags, warnings.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { imageType, type PushedImage, pushImage } from "./support/image.ts";
import { errorOf, openRegistry, type TestRegistry } from "./support/registry.ts";

const name = "team/app";
let registry: TestRegistry;
let image: PushedImage;
beforeAll(async () => {
  registry = await openRegistry();
  image = await pushImage(registry.url, { name, tag: "1.0" });
});
afterAll(() => registry[Symbol.asyncDispose]());

const at = (reference: string): string => `${registry.url}/v2/${name}/manifests/${reference}`;
const put = (reference: string, body = image.manifest): Promise<Response> =>
  fetch(at(reference), { method: "PUT", headers: { "content-type": imageType }, body });

/** The digest a tag names; null when there is no such tag. */
const named = async (tag: string) =>
  (await fetch(at(tag), { method: "HEAD" })).headers.get("docker-content-digest");

describe("several tags in one push (distribution-spec, end-7b)", () => {
  test("are all set, and returned in one header", async () => {
    const answer = await put(`${image.digest}?tag=1.2.3&tag=1.2&tag=1&tag=latest`);

    expect([answer.status, answer.headers.get("oci-tag")]).toEqual([201, "1.2.3, 1.2, 1, latest"]);
    for (const tag of ["1.2.3", "1.2", "1", "latest"]) expect(await named(tag)).toBe(image.digest);
  });

  test("given twice count once", async () => {
    const answer = await put(`${image.digest}?tag=a&tag=b&tag=a`);
    expect([answer.status, answer.headers.get("oci-tag")]).toEqual([201, "a, b"]);
  });

  test("may be a hundred of the longest", async () => {
    const tags = Array.from({ length: 100 }, (_, n) => `${n}`.padStart(128, "t"));
    const answer = await put(`${image.digest}?${tags.map((tag) => `tag=${tag}`).join("&")}`);

    expect([answer.status, answer.headers.get("oci-tag")]).toEqual([201, tags.join(", ")]);
    expect(await named(tags[99] ?? "")).toBe(image.digest);
  });

  test("beyond the limit are refused with 414, and none is set", async () => {
    const tags = Array.from({ length: 101 }, (_, n) => `many-${n}`);
    const answer = await put(`${image.digest}?${tags.map((tag) => `tag=${tag}`).join("&")}`);

    expect(answer.status).toBe(414);
    expect(await named("many-0")).toBeNull();
  });

  test.each(["", ".a", "a b", "a/b", "ä", "x".repeat(129)])(
    "are refused when one is malformed (%j), and none is set",
    async (tag) => {
      const answer = await put(`${image.digest}?tag=fine&tag=${encodeURIComponent(tag)}`);

      expect(answer.status).toBe(400);
      expect(errorOf({ body: await answer.bytes() })["code"]).toBe("MANIFEST_INVALID");
      expect(await named("fine")).toBeNull();
    },
  );

  test("are set in addition to the tag in the path", async () => {
    const answer = await put("by-tag?tag=beside");

    expect([answer.status, answer.headers.get("oci-tag")]).toEqual([201, "beside"]);
    expect([await named("by-tag"), await named("beside")]).toEqual([image.digest, image.digest]);
  });

  test("are not in the answer when there are none", async () => {
    expect((await put(image.digest)).headers.get("oci-tag")).toBeNull();
  });
});

describe("an immutable tag", () => {
  test("is set once and cannot be moved, and the refused manifest is not stored", async () => {
    const other = `${image.manifest}\n`;
    expect((await put("locked-1")).status).toBe(201);
    expect((await put("locked-1")).status).toBe(201);

    for (const reference of ["locked-1", "free?tag=locked-1"]) {
      const answer = await put(reference, other);
      const error = errorOf({ body: await answer.bytes() });
      expect([answer.status, error["code"]]).toEqual([403, "DENIED"]);
      expect(error["message"]).toContain("locked-1");
      expect(error["message"]).toContain("locked*");
    }

    expect([await named("locked-1"), await named("free")]).toEqual([image.digest, null]);
  });
});

describe("the Warning header", () => {
  const withForeignLayer = (): string =>
    JSON.stringify({
      ...JSON.parse(image.manifest),
      layers: [
        {
          mediaType: "application/vnd.oci.image.layer.nondistributable.v1.tar",
          digest: `sha256:${"1".repeat(64)}`,
          size: 5,
        },
      ],
    });

  test("says that non-distributable layers are deprecated", async () => {
    const answer = await put("foreign", withForeignLayer());
    expect([answer.status, answer.headers.get("warning")]).toEqual([
      201,
      '299 - "Non-distributable layers are deprecated (OCI image-spec 1.1)."',
    ]);
  });

  test("is absent for a manifest without deprecated members", async () => {
    expect((await put("plain")).headers.get("warning")).toBeNull();
  });

  test("is one quoted text for all warnings, below 4096 bytes", async () => {
    const subjectTag = `sha256-${"a".repeat(64)}`;
    const indexType = "application/vnd.oci.image.index.v1+json";
    const { layers: manifests } = JSON.parse(withForeignLayer());

    const answer = await fetch(at(subjectTag), {
      method: "PUT",
      headers: { "content-type": indexType },
      body: JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests }),
    });

    const warning = answer.headers.get("warning") ?? "";
    expect([answer.status, warning.length < 4096]).toEqual([201, true]);
    expect(warning).toMatch(
      /^299 - "Non-distributable [^"]* The referrers tag sha256-a{64}[^"]*"$/,
    );
  });
});
